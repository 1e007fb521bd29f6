#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "separation/song.h"

namespace msst::separation {

// Reports progress a few times a second from a thread of its own, so that it
// moves also while one call into a large model takes a minute. What it reports
// never goes back, and the last report, from finish(), is 1.
class ProgressTicker {
public:
    // fraction: 0-1, read from the ticker's thread. report may be empty.
    ProgressTicker(std::function<double()> fraction, std::function<void(SongStage, double)> report);
    ~ProgressTicker();

    void enter(SongStage stage);
    void finish();

private:
    void run();
    void report_now(double fraction);
    void stop();

    std::function<double()> fraction_;
    std::function<void(SongStage, double)> report_;
    std::mutex mutex_;
    std::condition_variable changed_;
    SongStage stage_ = SongStage::separating;  // guarded by mutex_
    bool is_stopped_ = false;                  // guarded by mutex_
    double highest_ = 0;                       // guarded by mutex_
    std::thread thread_;
};

}  // namespace msst::separation
