#pragma once

#include <string>

#include "http/message.h"
#include "http/routes/context.h"
#include "tasks/task.h"

namespace msst::http::routes {

// The task of the path's {task_id}, if it belongs to the caller. Throws the same Error(not_found) for a text
// that is no id, an unknown id, a task of another key and a deleted one.
tasks::Task owned_task(Context& context, const Request& request);

// Throws what stands between the caller and the results of a task: 409 task_not_completed with Retry-After,
// 410 task_failed with the reason, task_cancelled, or results_expired.
void ensure_results(Context& context, const tasks::Task& task);

[[noreturn]] void throw_unknown_task();
[[noreturn]] void throw_results_expired();

// Seconds after which asking again about an unfinished task makes sense, 1 to 5.
std::string retry_after(const Context& context, const tasks::Task& task);

}  // namespace msst::http::routes
