#pragma once

#include <exception>
#include <string>

#include "tasks/task.h"

namespace msst::worker {

// Why an attempt failed: one text for the client, without paths, and one for the log.
struct TaskFailure {
    tasks::TaskError error;
    std::string details;
    // What is left of the process may not be trusted: a bug of ours, a device error, or no memory.
    bool is_tainted = false;
};

TaskFailure describe_failure(const std::exception_ptr& failure);

}  // namespace msst::worker
