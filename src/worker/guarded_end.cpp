#include "worker/guarded_end.h"

#include <thread>

#include "base/error.h"
#include "base/failure_pace.h"

namespace msst::worker {
namespace {

constexpr Milliseconds kRetryPause{100};
constexpr int kSilentTries = 10;

bool is_ended(tasks::TaskStore& store, const tasks::Lease& lease, tasks::TaskStatus end) {
    const auto task = store.find(lease.task.task_id);
    return task && task->epoch == lease.epoch && task->status == end;
}

}  // namespace

GuardedEnd end_attempt(const EndParts& parts, const tasks::Lease& lease, const LeaseWatch& watch,
                       tasks::TaskStatus end, const std::function<bool()>& statement) {
    FailurePace pace(kSilentTries);
    while (true) {
        try {
            const bool was_silent = pace.failures() > 0;
            if (statement() || (was_silent && is_ended(parts.store, lease, end))) return GuardedEnd::done;
            return GuardedEnd::fenced;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::unavailable) throw;
            if (pace.count_failure(parts.clock.monotonic()))
                parts.log.warning("end_not_accepted", {{"task_id", lease.task.task_id},
                                                       {"epoch", lease.epoch},
                                                       {"end", tasks::to_string(end)},
                                                       {"tries", pace.failures()},
                                                       {"error", error.what()}});
        }
        if (!watch.is_held()) return GuardedEnd::unknown;
        std::this_thread::sleep_for(kRetryPause);
    }
}

}  // namespace msst::worker
