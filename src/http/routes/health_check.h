#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/routes/context.h"

namespace msst::http::routes {

enum class Health { healthy, degraded, unhealthy };

// What the service stands on, as it is now.
struct HealthReport {
    bool is_database_up = false;
    std::optional<int64_t> free_bytes;  // none: the disk does not answer
    int available_models = 0;
    std::vector<std::string> missing_models;
    bool is_default_model_usable = false;
    WorkerStatus workers;
};

// Asks all of them; what does not answer is down, never an exception.
HealthReport check_health(Context& context);

Health judge(const HealthReport& report, const Settings& settings);

}  // namespace msst::http::routes
