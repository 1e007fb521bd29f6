#include <charconv>

#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "http/error_reply.h"
#include "http/routes/context.h"
#include "http/routes/json_response.h"
#include "http/routes/routes.h"
#include "http/routes/task_reply.h"
#include "tasks/task_store.h"

// GET /api/v1/tasks

namespace msst::http::routes {
namespace {

constexpr int kMaxLimit = 100;

const std::vector<std::string> kStatuses = {"pending", "processing", "completed", "failed", "cancelled"};

void refuse_query(std::vector<FieldError> errors) {
    const std::string message = errors.size() == 1
                                    ? errors[0].field + " " + errors[0].message
                                    : std::to_string(errors.size()) + " parameters are invalid";
    throw ApiError({.status = beast_http::status::bad_request,
                    .code = "invalid_parameters",
                    .message = message,
                    .errors = std::move(errors),
                    .headers = {}});
}

// The query of a list request, field by field; what is wrong is gathered.
struct ListParameters {
    tasks::TaskQuery query;
    std::vector<FieldError> errors;

    void add(const std::string& name, const std::string& value) {
        if (name == "status") add_status(value);
        if (name == "model_type") add_model_type(value);
        if (name == "limit") add_limit(value);
        if (name == "cursor") add_cursor(value);
    }

private:
    void add_status(const std::string& value) {
        if (const auto status = tasks::parse_task_status(value))
            query.statuses.push_back(*status);
        else
            errors.push_back(
                {"status", "must be one of pending, processing, completed, failed, cancelled", kStatuses});
    }
    void add_model_type(const std::string& value) {
        if (value.empty()) errors.push_back({"model_type", "must not be empty", {}});
        query.model_type = value;
    }
    void add_limit(const std::string& value) {
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), query.limit);
        if (error != std::errc{} || end != value.data() + value.size() || query.limit < 1 ||
            query.limit > kMaxLimit)
            errors.push_back({"limit", "must be a whole number from 1 to 100", {}});
    }
    void add_cursor(const std::string& value) {
        if (!is_uuid(value)) errors.push_back({"cursor", "must be the next_cursor of another page", {}});
        query.before_task_id = value;
    }
};

tasks::TaskQuery parse(const Request& request) {
    ListParameters parameters;
    parameters.query.hides_erased = true;
    if (!request.owner.empty()) parameters.query.owner = request.owner;
    for (const auto& [name, value] : request.query) parameters.add(name, value);
    if (!parameters.errors.empty()) refuse_query(std::move(parameters.errors));
    return parameters.query;
}

}  // namespace

Response list_tasks(Context& context, const Request& request) {
    tasks::TaskQuery query = parse(request);
    const auto limit = static_cast<size_t>(query.limit);
    ++query.limit;  // one more tells whether there is another page
    std::vector<tasks::Task> page = context.services.store.list(query);
    const bool has_more = page.size() > limit;
    if (has_more) page.resize(limit);

    nlohmann::ordered_json json{{"tasks", nlohmann::ordered_json::array()}, {"next_cursor", nullptr}};
    for (const tasks::Task& task : page) json["tasks"].push_back(task_json(context, task));
    if (has_more) json["next_cursor"] = page.back().task_id;
    return json_response(beast_http::status::ok, json);
}

}  // namespace msst::http::routes
