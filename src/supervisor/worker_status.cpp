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

std::optional<int64_t> WorkerStatus::largest_device() const {
    std::optional<int64_t> largest;
    for (const SlotStatus& slot : slots) {
        if (!slot.memory) return std::nullopt;
        largest = std::max(largest.value_or(0), slot.memory->total_bytes);
    }
    return largest;
}

}  // namespace msst::supervisor
