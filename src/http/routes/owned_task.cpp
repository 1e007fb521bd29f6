#include "http/routes/owned_task.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/ids.h"
#include "http/error_reply.h"
#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

[[noreturn]] void throw_gone(const char* code, std::string message) {
    throw ApiError({.status = beast_http::status::gone,
                    .code = code,
                    .message = std::move(message),
                    .errors = {},
                    .headers = {}});
}

[[noreturn]] void throw_not_completed(const Context& context, const tasks::Task& task) {
    throw ApiError(
        {.status = beast_http::status::conflict,
         .code = "task_not_completed",
         .message = "the task is " + std::string(tasks::to_string(task.status)) + ", not completed",
         .errors = {},
         .headers = {{"Retry-After", retry_after(context, task)}}});
}

}  // namespace

void throw_unknown_task() {
    throw Error(ErrorCode::not_found, "there is no such task");
}

tasks::Task owned_task(Context& context, const Request& request) {
    const auto id = request.path_values.find("task_id");
    if (id == request.path_values.end() || !is_uuid(id->second)) throw_unknown_task();
    auto task = context.services.store.find(id->second);
    if (!task || task->erase_requested_at || (!request.owner.empty() && task->owner != request.owner))
        throw_unknown_task();
    return *std::move(task);
}

void throw_results_expired() {
    throw_gone("results_expired", "the results were deleted after their retention time");
}

void ensure_results(Context& context, const tasks::Task& task) {
    switch (task.status) {
        case tasks::TaskStatus::pending:
        case tasks::TaskStatus::processing:
            throw_not_completed(context, task);
        case tasks::TaskStatus::failed:
            throw_gone("task_failed", "the task failed: " +
                                          (task.error ? task.error->message : std::string("unknown reason")));
        case tasks::TaskStatus::cancelled:
            throw_gone("task_cancelled", "the task was cancelled");
        case tasks::TaskStatus::completed:
            if (task.files_deleted_at || !task.result) throw_results_expired();
    }
}

std::string retry_after(const Context& context, const tasks::Task& task) {
    if (task.status == tasks::TaskStatus::pending) return "2";
    const double remaining = context.speed.remaining_seconds(task, context.services.clock.now());
    return std::to_string(std::clamp(static_cast<int>(std::ceil(remaining / 4)), 1, 5));
}

}  // namespace msst::http::routes
