#include "supervisor/slots.h"

#include <algorithm>

#include "base/error.h"

namespace msst::supervisor {
namespace {

// "cuda0" for "cuda:0".
std::string slot_name(const std::string& device) {
    std::string name = device;
    std::erase_if(name, [](char c) {
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    });
    return name;
}

}  // namespace

std::vector<WorkerSlot> spread_slots(const std::vector<std::string>& devices, int count) {
    check(!devices.empty(), "there is no device for a worker");
    std::vector<WorkerSlot> slots;
    for (int i = 0; i < count; ++i) {
        const std::string& device = devices[static_cast<size_t>(i) % devices.size()];
        slots.push_back({.name = slot_name(device) + "-" + std::to_string(i), .device = device});
    }
    for (WorkerSlot& slot : slots)
        slot.shares_device = std::ranges::count(slots, slot.device, &WorkerSlot::device) > 1;
    return slots;
}

}  // namespace msst::supervisor
