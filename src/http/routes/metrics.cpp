#include <cmath>

#include <nlohmann/json.hpp>

#include "http/routes/context.h"
#include "http/routes/json_response.h"
#include "http/routes/routes.h"
#include "tasks/task_store.h"

// GET /api/v1/metrics

namespace msst::http::routes {
namespace {

double rounded(double value) {
    return std::round(value * 1000) / 1000;
}

}  // namespace

Response get_metrics(Context& context, const Request&) {
    const tasks::StoreStatistics now = context.services.store.statistics();
    return json_response(beast_http::status::ok,
                         {{"active_tasks", now.processing},
                          {"queued_tasks", now.pending},
                          {"completed_tasks", now.completed},
                          {"failed_tasks", now.failed},
                          {"cancelled_tasks", now.cancelled},
                          {"average_processing_time_seconds", rounded(now.average_processing_seconds)},
                          {"completed_tasks_24h", now.completed_24h},
                          {"failed_tasks_24h", now.failed_24h},
                          {"average_wait_seconds", rounded(now.average_wait_seconds)},
                          {"audio_seconds_processed", rounded(now.audio_seconds_processed)},
                          {"worker_restarts", context.services.worker_status().restarts},
                          {"uptime_seconds", rounded(context.uptime_seconds())}});
}

}  // namespace msst::http::routes
