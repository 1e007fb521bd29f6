#include "supervisor/worker_status.h"

#include <algorithm>

namespace msst::supervisor {

int WorkerStatus::alive() const {
    return static_cast<int>(std::ranges::count_if(slots, &SlotStatus::is_alive));
}

int WorkerStatus::busy() const {
    return static_cast<int>(std::ranges::count_if(slots, &SlotStatus::is_busy));
}

int64_t WorkerStatus::restarts() const {
    int64_t sum = 0;
    for (const SlotStatus& slot : slots) sum += slot.restarts;
    return sum;
}

}  // namespace msst::supervisor
