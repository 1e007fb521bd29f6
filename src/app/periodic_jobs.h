#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace msst {
class Log;
}

namespace msst::app {

// Small jobs done again and again on one thread, in the order they fall due. A
// job that throws is logged and comes again at its next time.
class PeriodicJobs {
public:
    explicit PeriodicJobs(Log& log) : log_(log) {}
    ~PeriodicJobs() { stop(); }

    // Call before start().
    void add(std::string name, Milliseconds interval, std::function<void()> work);

    // Every job runs for the first time at once.
    void start();
    // Returns when the job that is running, if any, has ended.
    void stop();

private:
    using Steady = std::chrono::steady_clock;
    struct Job {
        std::string name;
        Milliseconds interval;
        std::function<void()> work;
        Steady::time_point due{};
    };

    void run();
    void run_one(Job& job);

    Log& log_;
    std::vector<Job> jobs_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_stopped_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace msst::app
