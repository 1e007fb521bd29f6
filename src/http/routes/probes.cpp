#include <nlohmann/json.hpp>

#include "http/routes/health_check.h"
#include "http/routes/json_response.h"
#include "http/routes/routes.h"

// GET /livez, GET /readyz

namespace msst::http::routes {
namespace {

std::vector<std::string> problems_of(const HealthReport& report, const Settings& settings) {
    std::vector<std::string> problems;
    if (report.workers.is_draining) problems.emplace_back("the server is shutting down");
    if (!report.is_database_up) problems.emplace_back("the database does not answer");
    if (!report.is_default_model_usable) problems.emplace_back("the default model cannot be used");
    if (report.workers.alive == 0) problems.emplace_back("no worker is alive");
    if (!report.free_bytes || *report.free_bytes < settings.reserve_free_disk)
        problems.emplace_back("there is too little disk space for submissions");
    return problems;
}

}  // namespace

Response get_liveness(const Request&) {
    return json_response(beast_http::status::ok, {{"status", "alive"}});
}

Response get_readiness(Context& context, const Request&) {
    const auto problems = problems_of(check_health(context), context.services.settings);
    const bool is_ready = problems.empty();
    const nlohmann::ordered_json json{{"status", is_ready ? "ready" : "not_ready"}, {"problems", problems}};
    Response response =
        json_response(is_ready ? beast_http::status::ok : beast_http::status::service_unavailable, json);
    if (!is_ready) response.set_header("Retry-After", "5");
    return response;
}

}  // namespace msst::http::routes
