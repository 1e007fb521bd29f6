#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "http/offload.h"
#include "http/routes/erasures.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "tasks/task_store.h"

// DELETE /api/v1/tasks/{task_id}

namespace msst::http::routes {
namespace {

constexpr Milliseconds kLookAgain{100};

enum class Step { erased, worker_still_runs };

// Cancels the task if it is active, and erases it if it is final. From here on nobody sees it any more, also
// after a restart.
Step try_to_erase(Context& context, const std::string& task_id) {
    context.services.store.request_erasure(task_id);
    if (erase_task(context.services.store, context.services.blobs, task_id)) return Step::erased;
    return context.services.store.find(task_id) ? Step::worker_still_runs : Step::erased;
}

}  // namespace

asio::awaitable<Response> delete_task(Context& context, Request& request) {
    auto& pool = context.services.blocking;
    const tasks::Task task = co_await offload(pool, [&] { return owned_task(context, request); });
    const Milliseconds deadline =
        context.services.clock.monotonic() + context.services.settings.delete_patience;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        const Step step = co_await offload(pool, [&] { return try_to_erase(context, task.task_id); });
        // What its worker still holds at the deadline is swept later.
        if (step == Step::erased || context.services.clock.monotonic() >= deadline) break;
        timer.expires_after(kLookAgain);
        co_await timer.async_wait(asio::use_awaitable);
    }
    Log::Fields fields;
    fields["task_id"] = task.task_id;
    fields["owner"] = task.owner;
    fields["request_id"] = request.request_id;
    context.services.log.info("task_deleted", fields);
    Response response;
    response.status = beast_http::status::no_content;
    co_return response;
}

}  // namespace msst::http::routes
