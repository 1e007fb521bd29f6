#include <cmath>

#include <nlohmann/json.hpp>

#include "http/routes/context.h"
#include "http/routes/json_response.h"
#include "http/routes/routes.h"
#include "tasks/task_store.h"

// GET /api/v1/metrics

namespace msst::http::routes {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) {
    return std::round(value * 1000) / 1000;
}

Json devices_json(const WorkerStatus& workers) {
    Json devices = Json::array();
    for (const DeviceStatus& device : workers.devices)
        devices.push_back(
            {{"name", device.name}, {"total_bytes", device.total_bytes}, {"free_bytes", device.free_bytes}});
    return devices;
}

Json slots_json(const WorkerStatus& workers) {
    Json slots = Json::array();
    for (const WorkerSlotStatus& slot : workers.slots)
        slots.push_back({{"name", slot.name},
                         {"device", slot.device},
                         {"state", !slot.is_alive ? "down"
                                   : slot.is_busy ? "busy"
                                                  : "idle"},
                         {"model_type", slot.model.empty() ? Json(nullptr) : Json(slot.model)}});
    return slots;
}

}  // namespace

Response get_metrics(Context& context, const Request&) {
    const tasks::StoreStatistics now = context.services.store.statistics();
    const WorkerStatus workers = context.services.worker_status();
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
                          {"worker_restarts", workers.restarts},
                          {"uptime_seconds", rounded(context.uptime_seconds())},
                          {"devices", devices_json(workers)},
                          {"workers", slots_json(workers)}});
}

}  // namespace msst::http::routes
