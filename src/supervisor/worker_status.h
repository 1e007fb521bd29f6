#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace msst::supervisor {

struct DeviceMemory {
    int64_t total_bytes = 0;
    int64_t free_bytes = 0;
};

struct SlotStatus {
    std::string name;
    std::string device;
    bool is_alive = false;
    int pid = 0;  // of the living one
    bool is_busy = false;
    std::string task_id;    // that it runs
    int64_t restarts = 0;   // since the server started; exchanges for a fresh process not counted
    std::string last_exit;  // how the process before ended; empty: there was none
    std::string model;      // that the living one holds ready; empty: none
    std::optional<DeviceMemory> memory;  // of the device, as a worker said last; none: none did yet
};

struct WorkerStatus {
    std::vector<SlotStatus> slots;
    bool is_draining = false;

    int alive() const;
    int busy() const;
    int64_t restarts() const;
    // Memory of the largest device; none until there was word of every one.
    std::optional<int64_t> largest_device() const;
};

}  // namespace msst::supervisor
