#include <cmath>

#include <nlohmann/json.hpp>

#include "http/routes/health_check.h"
#include "http/routes/json_response.h"
#include "http/routes/routes.h"

// GET /api/v1/health

namespace msst::http::routes {
namespace {

using Json = nlohmann::ordered_json;

const char* to_string(Health health) {
    switch (health) {
        case Health::healthy:
            return "healthy";
        case Health::degraded:
            return "degraded";
        case Health::unhealthy:
            return "unhealthy";
    }
    return "unhealthy";
}

Json disk_json(const HealthReport& report, const Settings& settings) {
    if (!report.free_bytes) return {{"status", "error"}, {"free_bytes", nullptr}};
    return {{"status", *report.free_bytes < settings.degraded_free_disk ? "low" : "ok"},
            {"free_bytes", *report.free_bytes}};
}

Json models_json(const HealthReport& report) {
    const char* status = !report.is_default_model_usable ? "error"
                         : report.missing_models.empty() ? "ok"
                                                         : "degraded";
    return {{"status", status}, {"available", report.available_models}, {"missing", report.missing_models}};
}

Json workers_json(const WorkerStatus& workers) {
    const char* status = workers.alive == 0                   ? "error"
                         : workers.alive < workers.configured ? "degraded"
                                                              : "ok";
    return {{"status", status}, {"alive", workers.alive}, {"busy", workers.busy}};
}

Json gpu_json(const WorkerStatus& workers) {
    return {{"status", workers.gpus.empty() ? "none" : "ok"}, {"devices", workers.gpus}};
}

}  // namespace

Response get_health(Context& context, const Request&) {
    const Settings& settings = context.services.settings;
    const HealthReport report = check_health(context);
    const Health health = judge(report, settings);
    const Json checks{{"database", {{"status", report.is_database_up ? "ok" : "error"}}},
                      {"disk_space", disk_json(report, settings)},
                      {"models", models_json(report)},
                      {"workers", workers_json(report.workers)},
                      {"gpu", gpu_json(report.workers)}};
    const Json json{{"status", to_string(health)},
                    {"version", settings.version},
                    {"uptime_seconds", std::round(context.uptime_seconds() * 1000) / 1000},
                    {"checks", checks}};
    const bool works = health != Health::unhealthy;
    Response response =
        json_response(works ? beast_http::status::ok : beast_http::status::service_unavailable, json);
    if (!works) response.set_header("Retry-After", "5");
    return response;
}

}  // namespace msst::http::routes
