#pragma once

#include <string>

#include "base/clock.h"
#include "tasks/task_store.h"

namespace msst::supervisor {

// Fails the pending tasks that need more memory than the largest device has: they would wait for ever. New
// ones are refused when they are submitted; these are from before the devices changed. worker_id: that the
// store knows the attempt by. Returns how many. Throws as the store.
int fail_oversized(tasks::TaskStore& store, const std::string& worker_id, Milliseconds lease,
                   int64_t largest_bytes);

}  // namespace msst::supervisor
