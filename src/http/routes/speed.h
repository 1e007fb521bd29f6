#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace msst::tasks {
struct Task;
}

namespace msst::http::routes {

// How long tasks take, learnt from those that are done; for the remaining time of those that run.
// Thread-safe.
class Speed {
public:
    // Remembers a completed task; does nothing for any other.
    void learn(const tasks::Task& task);

    // Remaining seconds of a task that is processing, >= 0: from its own progress, and as long as that says
    // little (below 5 %) from what this model needed before.
    double remaining_seconds(const tasks::Task& task, Timestamp now) const;

private:
    double expected_seconds(const tasks::Task& task) const;

    mutable std::mutex mutex_;
    std::map<std::string, double> factors_;  // model -> processing seconds per second of audio and pass
};

}  // namespace msst::http::routes
