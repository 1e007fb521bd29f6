#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "supervisor/janitor.h"

namespace msst::supervisor {

// Sweeps at once and then every `interval`, on a thread of its own, until it goes out of scope.
class JanitorThread {
public:
    JanitorThread(Janitor& janitor, Log& log, Milliseconds interval = std::chrono::minutes(1));

private:
    void run(const std::stop_token& stop);

    Janitor& janitor_;
    Log& log_;
    Milliseconds interval_;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace msst::supervisor
