#include "http/routes/health_check.h"

#include "base/log.h"
#include "catalog/catalog.h"
#include "http/routes/model_reply.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

// Runs a check whose exception means "down", and says why in the log.
template <class Check>
bool answers(Context& context, const char* what, Check check) {
    try {
        check();
        return true;
    } catch (const std::exception& error) {
        context.services.log.warning("health_check_failed", {{"check", what}, {"error", error.what()}});
        return false;
    }
}

void check_models(HealthReport& report, const catalog::Catalog& catalog) {
    for (const catalog::Model& model : catalog.all()) {
        const bool usable = is_usable(model);
        if (usable) ++report.available_models;
        // A model that this build has no engine for is in order, and nobody was promised it.
        if (!usable && model.state != catalog::ModelState::unsupported)
            report.missing_models.push_back(model.model_type);
        if (usable && model.model_type == catalog.default_model_type()) report.is_default_model_usable = true;
    }
}

}  // namespace

HealthReport check_health(Context& context) {
    HealthReport report;
    report.is_database_up = answers(context, "database", [&] { context.services.store.ping(); });
    answers(context, "disk_space", [&] { report.free_bytes = context.services.blobs.free_bytes(); });
    check_models(report, context.services.catalog);
    report.workers = context.services.worker_status();
    return report;
}

Health judge(const HealthReport& report, const Settings& settings) {
    if (!report.is_database_up || !report.is_default_model_usable || report.workers.alive == 0)
        return Health::unhealthy;
    if (!report.free_bytes || *report.free_bytes < settings.degraded_free_disk) return Health::degraded;
    if (!report.missing_models.empty() || report.workers.alive < report.workers.configured)
        return Health::degraded;
    return Health::healthy;
}

}  // namespace msst::http::routes
