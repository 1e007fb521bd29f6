#include "separation/progress_ticker.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace msst::separation {
namespace {

constexpr std::chrono::milliseconds kInterval{200};

}  // namespace

ProgressTicker::ProgressTicker(std::function<double()> fraction,
                               std::function<void(SongStage, double)> report)
    : fraction_(std::move(fraction)), report_(std::move(report)) {
    if (report_) thread_ = std::thread([this] { run(); });
}

ProgressTicker::~ProgressTicker() {
    stop();
}

void ProgressTicker::enter(SongStage stage) {
    const std::lock_guard lock(mutex_);
    stage_ = stage;
}

void ProgressTicker::finish() {
    stop();
    if (report_) report_now(1);
}

void ProgressTicker::run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kInterval, [this] { return is_stopped_; })) report_now(fraction_());
}

// The caller holds the mutex, or is the only thread left.
void ProgressTicker::report_now(double fraction) {
    highest_ = std::max(highest_, fraction);
    report_(stage_, highest_);
}

void ProgressTicker::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace msst::separation
