#include <cmath>

#include <nlohmann/json.hpp>

#include "http/routes/json_response.h"
#include "http/routes/owned_task.h"
#include "http/routes/routes.h"
#include "http/routes/task_reply.h"

// GET /api/v1/tasks/{task_id}/results

namespace msst::http::routes {
namespace {

using Json = nlohmann::ordered_json;

Json source_json(const tasks::Task& task, const tasks::StemFile& stem) {
    return {{"name", stem.name},
            {"url", download_url(task.task_id, stem.filename)},
            {"filename", stem.filename},
            {"size_bytes", stem.size_bytes},
            {"duration_seconds", stem.duration_seconds},
            {"sample_rate", stem.sample_rate},
            {"channels", stem.channels},
            {"content_type", stem.content_type},
            {"sha256", stem.sha256},
            {"peak_dbfs", std::round(stem.peak_dbfs * 100) / 100},
            {"rms_dbfs", std::round(stem.rms_dbfs * 100) / 100},
            {"clipped_samples", stem.clipped_samples}};
}

}  // namespace

Response get_results(Context& context, const Request& request) {
    const tasks::Task task = owned_task(context, request);
    ensure_results(context, task);
    const Timestamp completed = task.finished_at.value_or(task.created_at);
    Json json{{"task_id", task.task_id},
              {"status", "completed"},
              {"completed_at", to_iso8601(completed)},
              {"expires_at", to_iso8601(expiry(context.services.settings, task))},
              {"results", Json::object()},
              {"sources", Json::array()}};
    for (const tasks::StemFile& stem : task.result->sources) {
        json["results"][stem.name] = download_url(task.task_id, stem.filename);
        json["sources"].push_back(source_json(task, stem));
    }
    return json_response(beast_http::status::ok, json);
}

}  // namespace msst::http::routes
