#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace msst::supervisor {

struct SlotStatus {
    std::string name;
    std::string device;
    bool is_alive = false;
    int pid = 0;  // of the living one
    bool is_busy = false;
    std::string task_id;    // that it runs
    int64_t restarts = 0;   // since the server started; exchanges for a fresh process not counted
    std::string last_exit;  // how the process before ended; empty: there was none
};

struct WorkerStatus {
    std::vector<SlotStatus> slots;
    bool is_draining = false;

    int alive() const;
    int busy() const;
    int64_t restarts() const;
};

}  // namespace msst::supervisor
