#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "supervisor/worker_status.h"
#include "tasks/worker_messages.h"

namespace msst::supervisor {

// What a worker's messages say about it. Times are monotonic.
class WorkerHealth {
public:
    enum class Verdict {
        healthy,
        silent,  // not a word for too long: stopped, or starved
        stuck,   // it lives, but its task does not advance
    };

    WorkerHealth(Milliseconds silence_timeout, Milliseconds progress_timeout, Milliseconds now);

    void hear(const tasks::WorkerMessage& message, Milliseconds now);

    Verdict verdict(Milliseconds now) const;

    bool is_busy() const { return !task_id_.empty(); }
    const std::string& task_id() const { return task_id_; }
    int tasks_ended() const { return tasks_ended_; }
    const std::string& model() const { return model_; }  // that it holds ready; empty: none
    // Of its device, as it said last; none: it has not said.
    const std::optional<DeviceMemory>& memory() const { return memory_; }

private:
    Milliseconds silence_timeout_;
    Milliseconds progress_timeout_;
    Milliseconds heard_;
    Milliseconds advanced_;
    std::string task_id_;  // empty: idle
    int tasks_ended_ = 0;
    std::string model_;
    std::optional<DeviceMemory> memory_;
};

}  // namespace msst::supervisor
