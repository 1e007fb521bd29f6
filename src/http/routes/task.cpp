#include <nlohmann/json.hpp>

#include "http/conditional.h"
#include "http/routes/json_response.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "http/routes/task_reply.h"

// GET /api/v1/tasks/{task_id}

namespace msst::http::routes {

Response get_task(Context& context, const Request& request) {
    const tasks::Task task = owned_task(context, request);
    context.speed.learn(task);
    const nlohmann::ordered_json json = task_json(context, task);
    const std::string etag = task_etag(json);

    Response response = json_response(beast_http::status::ok, json);
    const Validators validators{.etag = etag, .last_modified = std::nullopt};
    if (evaluate_preconditions(request, validators) == Precondition::not_modified) {
        response = Response{};
        response.status = beast_http::status::not_modified;
    }
    response.set_header("ETag", etag);
    if (!tasks::is_final(task.status)) response.set_header("Retry-After", retry_after(context, task));
    return response;
}

}  // namespace msst::http::routes
