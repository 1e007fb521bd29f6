#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tasks/task_store.h"

namespace msst::supervisor {

// The leases that workers hold now whose id `is_meant` says yes to.
std::vector<tasks::Lease> list_held(tasks::TaskStore& store,
                                    const std::function<bool(const std::string& worker_id)>& is_meant);

// Gives those back without counting a loss, for workers that ended through no fault of their task. Returns
// how many.
int release_held(tasks::TaskStore& store, const std::function<bool(const std::string& worker_id)>& is_meant);

}  // namespace msst::supervisor
