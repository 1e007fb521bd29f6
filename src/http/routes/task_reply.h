#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "http/routes/context.h"
#include "tasks/task.h"

// A task as the API shows it (schema Task of docs/openapi.yaml).

namespace msst::http::routes {

// Asks the store for the queue position of a pending task.
nlohmann::ordered_json task_json(Context& context, const tasks::Task& task);

// {"progress", "stage", "estimated_seconds_remaining"}
nlohmann::ordered_json progress_json(const Context& context, const tasks::Task& task);

// A weak tag that changes with all that the task tells, but not with the clock (the estimates do).
std::string task_etag(const nlohmann::ordered_json& task);

std::string task_url(const std::string& task_id);
std::string results_url(const std::string& task_id);
std::string download_url(const std::string& task_id, const std::string& filename);

// When the files of a final task are deleted.
Timestamp expiry(const Settings& settings, const tasks::Task& task);

}  // namespace msst::http::routes
