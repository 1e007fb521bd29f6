#pragma once

#include <string>
#include <vector>

#include "supervisor/worker_process.h"

namespace msst::supervisor {

// `count` workers, spread over the devices as evenly as it goes, in their order; with fewer workers than
// devices the last devices get none.
std::vector<WorkerSlot> spread_slots(const std::vector<std::string>& devices, int count);

}  // namespace msst::supervisor
