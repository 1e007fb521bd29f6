#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/failure_pace.h"
#include "base/log.h"
#include "tasks/task_store.h"

// A worker's right to its task while it works: renewed every third of a lease,
// with a look at the task more than twice a second for a requested cancel.
//
// The right ends here before it ends in the store: its deadline counts from
// before the last successful renewal was sent, on this machine's monotonic clock.

namespace msst::worker {

// Why a running task is to stop.
enum class StopReason { none, cancelled, lease_lost, drained };

class LeaseWatch {
public:
    struct Parts {
        tasks::TaskStore& store;
        const Clock& clock;
        Log& log;
        Milliseconds lease{30'000};  // as claimed, and for every renewal
        // Monotonic, when a drain has begun; called on the thread that looks.
        std::function<std::optional<Milliseconds>()> drain_deadline = {};
        // The work really advanced; called on the thread that looks.
        std::function<void(double fraction)> on_advance = {};
    };

    // claimed_at: monotonic, before the claim was sent.
    LeaseWatch(const Parts& parts, const tasks::Lease& lease, Milliseconds claimed_at);

    // One look: renews if due, asks for a cancel, writes progress that changed. Call every kInterval, from
    // one thread. Never throws: while the store does not answer the lease runs on, up to its deadline.
    static constexpr Milliseconds kInterval{400};
    void look();

    // What the work says, from any thread. fraction: of the whole task, 0-1; the store never sees it fall.
    // Loading a model advances the work but not the task.
    void set_progress(tasks::Stage stage, double fraction);
    void set_loading(double fraction);

    std::stop_token stop_token() const { return stop_.get_token(); }
    StopReason reason() const;

    // False from the deadline on, whatever the looks have found.
    bool is_held() const;

private:
    struct Progress {
        tasks::Stage stage = tasks::Stage::decoding;
        double fraction = 0;
        double loading = 0;
    };

    void ask_store();
    void renew_or_read();
    void report();
    void report_advance(const Progress& progress);
    void stop(StopReason reason);
    void set_deadline(Milliseconds deadline);

    Parts parts_;
    tasks::Lease lease_;
    std::stop_source stop_;

    // Of the looking thread.
    Milliseconds next_renewal_;
    Progress advanced_;
    std::optional<Progress> written_;
    FailurePace silence_;  // of the store

    mutable std::mutex mutex_;
    Milliseconds deadline_;                 // guarded by mutex_; monotonic
    StopReason reason_ = StopReason::none;  // guarded by mutex_
    Progress progress_;                     // guarded by mutex_
};

}  // namespace msst::worker
