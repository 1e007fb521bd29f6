#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "http/routes/json_response.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "http/routes/task_reply.h"
#include "tasks/task_store.h"

// POST /api/v1/tasks/{task_id}/cancel

namespace msst::http::routes {

Response cancel_task(Context& context, const Request& request) {
    const tasks::Task task = owned_task(context, request);
    const auto outcome = context.services.store.cancel(task.task_id);
    if (!outcome) throw_unknown_task();
    const auto now = context.services.store.find(task.task_id);
    if (!now) throw_unknown_task();
    if (*outcome == tasks::CancelOutcome::already_final)
        throw Error(ErrorCode::conflict,
                    "the task is " + std::string(tasks::to_string(now->status)) + " and cannot be cancelled",
                    "task_finished");
    context.services.log.info(
        "task_cancel_requested",
        {{"task_id", task.task_id}, {"owner", task.owner}, {"request_id", request.request_id}});
    const bool is_done = *outcome == tasks::CancelOutcome::cancelled;
    return json_response(is_done ? beast_http::status::ok : beast_http::status::accepted,
                         task_json(context, *now));
}

}  // namespace msst::http::routes
