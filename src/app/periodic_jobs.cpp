#include "app/periodic_jobs.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace msst::app {

void PeriodicJobs::add(std::string name, Milliseconds interval, std::function<void()> work) {
    jobs_.push_back({std::move(name), interval, std::move(work)});
}

void PeriodicJobs::start() {
    thread_ = std::thread([this] { run(); });
}

void PeriodicJobs::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void PeriodicJobs::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopped_ && !jobs_.empty()) {
        Job& next = *std::ranges::min_element(jobs_, {}, &Job::due);
        if (changed_.wait_until(lock, next.due, [this] { return is_stopped_; })) return;
        lock.unlock();
        run_one(next);
        lock.lock();
    }
}

void PeriodicJobs::run_one(Job& job) {
    try {
        job.work();
    } catch (const std::exception& error) {
        log_.error("job_failed", {{"job", job.name}, {"error", error.what()}});
    }
    job.due = Steady::now() + job.interval;
}

}  // namespace msst::app
