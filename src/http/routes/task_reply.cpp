#include "http/routes/task_reply.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

using Json = nlohmann::ordered_json;
using tasks::TaskStatus;

Json time_or_null(const std::optional<Timestamp>& time) {
    return time ? Json(to_iso8601(*time)) : Json(nullptr);
}

double rounded(double value, double steps_per_one) {
    return std::round(value * steps_per_one) / steps_per_one;
}

double shown_progress(const tasks::Task& task) {
    return task.status == TaskStatus::completed ? 100.0 : rounded(std::clamp(task.progress, 0.0, 100.0), 10);
}

Json remaining_seconds(const Context& context, const tasks::Task& task) {
    if (task.status != TaskStatus::processing) return nullptr;
    return rounded(context.speed.remaining_seconds(task, context.services.clock.now()), 10);
}

Json estimated_completion(const Context& context, const Json& remaining) {
    if (remaining.is_null()) return nullptr;
    const Milliseconds left(std::llround(remaining.get<double>() * 1000));
    return to_iso8601(context.services.clock.now() + left);
}

Json queue_position(Context& context, const tasks::Task& task) {
    if (task.status != TaskStatus::pending) return nullptr;
    const auto position = context.services.store.queue_position(task);
    return position ? Json(*position) : Json(nullptr);
}

Json input_json(const tasks::InputFacts& input) {
    return {{"filename", input.filename},       {"size_bytes", input.size_bytes},
            {"format", input.format},           {"duration_seconds", rounded(input.duration_seconds, 1e6)},
            {"sample_rate", input.sample_rate}, {"channels", input.channels}};
}

Json error_json(const tasks::Task& task) {
    if (task.status != TaskStatus::failed) return nullptr;
    if (!task.error) return {{"code", "internal_error"}, {"message", "the task failed"}};
    return {{"code", task.error->code}, {"message", task.error->message}};
}

void add_times(Json& json, const Settings& settings, const tasks::Task& task) {
    json["created_at"] = to_iso8601(task.created_at);
    json["started_at"] = time_or_null(task.started_at);
    json["completed_at"] = time_or_null(task.finished_at);
    json["expires_at"] = task.finished_at ? Json(to_iso8601(expiry(settings, task))) : Json(nullptr);
    json["attempts"] = task.epoch;
}

void add_request(Json& json, const tasks::SeparationRequest& request) {
    json["model_type"] = request.model_type;
    json["instruments"] = request.instruments;
    json["use_tta"] = request.use_tta;
    json["extract_instrumental"] = request.extract_instrumental;
    json["output_format"] = request.output_format;
    json["pcm_type"] = request.pcm_type;
}

void add_outcome(Json& json, const tasks::Task& task) {
    const bool has_result = task.status == TaskStatus::completed && task.result;
    json["processing_seconds"] =
        has_result ? Json(rounded(task.result->processing_seconds, 1000)) : Json(nullptr);
    json["warnings"] = has_result ? Json(task.result->warnings) : Json::array();
    json["error"] = error_json(task);
}

}  // namespace

Json task_json(Context& context, const tasks::Task& task) {
    const Json remaining = remaining_seconds(context, task);
    Json json{{"task_id", task.task_id},
              {"status", tasks::to_string(task.status)},
              {"progress", shown_progress(task)},
              {"stage", tasks::to_string(task.stage)},
              {"estimated_seconds_remaining", remaining},
              {"estimated_completion", estimated_completion(context, remaining)},
              {"queue_position", queue_position(context, task)}};
    add_times(json, context.services.settings, task);
    add_request(json, task.request);
    json["input"] = input_json(task.input);
    add_outcome(json, task);
    return json;
}

Json progress_json(const Context& context, const tasks::Task& task) {
    return {{"progress", shown_progress(task)},
            {"stage", tasks::to_string(task.stage)},
            {"estimated_seconds_remaining", remaining_seconds(context, task)}};
}

std::string task_etag(const Json& task) {
    Json lasting = task;
    lasting.erase("estimated_seconds_remaining");
    lasting.erase("estimated_completion");
    const std::string text = lasting.dump(-1, ' ', false, Json::error_handler_t::replace);
    return "W/\"" + sha256_hex(text).substr(0, 24) + "\"";
}

std::string task_url(const std::string& task_id) {
    return "/api/v1/tasks/" + task_id;
}

std::string results_url(const std::string& task_id) {
    return task_url(task_id) + "/results";
}

std::string download_url(const std::string& task_id, const std::string& filename) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string url = "/api/v1/download/" + task_id + "/";
    for (const char c : filename) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                   (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_unreserved)
            url += c;
        else
            url.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    return url;
}

Timestamp expiry(const Settings& settings, const tasks::Task& task) {
    const bool is_completed = task.status == TaskStatus::completed;
    return task.finished_at.value_or(task.created_at) +
           (is_completed ? settings.completed_retention : settings.failed_retention);
}

}  // namespace msst::http::routes
