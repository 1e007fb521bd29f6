#include <memory>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "http/error_reply.h"
#include "http/offload.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "http/routes/task_reply.h"
#include "tasks/task_store.h"

// GET /api/v1/tasks/{task_id}/events: Server-Sent Events.

namespace msst::http::routes {
namespace {

// One of the few streams that may be open at once.
class StreamPermit {
public:
    explicit StreamPermit(Context& context) : count_(context.event_streams) {
        if (++count_ <= context.services.settings.max_event_streams) return;
        --count_;
        throw ApiError({.status = beast_http::status::service_unavailable,
                        .code = "overloaded",
                        .message = "too many event streams are open; poll the task instead",
                        .errors = {},
                        .headers = {{"Retry-After", "5"}}});
    }
    ~StreamPermit() { --count_; }
    StreamPermit(const StreamPermit&) = delete;
    StreamPermit& operator=(const StreamPermit&) = delete;

private:
    std::atomic<int>& count_;
};

std::string event(const char* name, const nlohmann::ordered_json& data) {
    const std::string line = data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return std::string("event: ") + name + "\ndata: " + line + "\n\n";
}

// What a listener has been told, and what he is to be told next.
class Narrator {
public:
    explicit Narrator(Context& context) : context_(context) {}

    // Events for what is new about the task; empty when nothing is.
    std::string tell(const tasks::Task& task) {
        std::string text;
        if (!is_begun_ || task.status != status_ || task.epoch != epoch_)
            text += event("status", task_json(context_, task));
        else if (task.progress != progress_ || task.stage != stage_)
            text += event("progress", progress_json(context_, task));
        if (tasks::is_final(task.status)) text += event("done", task_json(context_, task));
        is_begun_ = true;
        status_ = task.status;
        epoch_ = task.epoch;
        progress_ = task.progress;
        stage_ = task.stage;
        return text;
    }

private:
    Context& context_;
    bool is_begun_ = false;
    tasks::TaskStatus status_ = tasks::TaskStatus::pending;
    int64_t epoch_ = 0;
    double progress_ = 0;
    tasks::Stage stage_ = tasks::Stage::queued;
};

struct News {
    std::string text;
    bool is_end = false;  // the task is final, or deleted
};

News look(Context& context, Narrator& narrator, const std::string& task_id) {
    const auto task = context.services.store.find(task_id);
    if (!task || task->erase_requested_at) return {.text = {}, .is_end = true};
    context.speed.learn(*task);
    std::string text = narrator.tell(*task);
    return {.text = std::move(text), .is_end = tasks::is_final(task->status)};
}

asio::awaitable<void> narrate(Context& context, std::string task_id,
                              [[maybe_unused]] std::shared_ptr<StreamPermit> permit, ChunkWriter& writer) {
    const Settings& settings = context.services.settings;
    Narrator narrator(context);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    Milliseconds last_written = context.services.clock.monotonic();
    for (;;) {
        News news =
            co_await offload(context.services.blocking, [&] { return look(context, narrator, task_id); });
        const Milliseconds now = context.services.clock.monotonic();
        if (news.text.empty() && !news.is_end && now - last_written >= settings.event_heartbeat)
            news.text = ": heartbeat\n\n";
        if (!news.text.empty()) {
            co_await writer.write(std::move(news.text));
            last_written = now;
        }
        if (news.is_end) co_return;
        timer.expires_after(settings.event_poll);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace

asio::awaitable<Response> stream_task_events(Context& context, Request& request) {
    const tasks::Task task =
        co_await offload(context.services.blocking, [&] { return owned_task(context, request); });
    auto permit = std::make_shared<StreamPermit>(context);
    Response response;
    response.set_header("Content-Type", "text/event-stream");
    response.set_header("Cache-Control", "no-store");
    response.set_header("X-Accel-Buffering", "no");
    response.body = Stream([&context, id = task.task_id, permit](ChunkWriter& writer) {
        return narrate(context, id, permit, writer);
    });
    co_return response;
}

}  // namespace msst::http::routes
