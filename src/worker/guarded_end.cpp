#include "worker/guarded_end.h"

#include <thread>

#include "base/error.h"

namespace msst::worker {
namespace {

constexpr Milliseconds kRetryPause{100};

bool is_ended(tasks::TaskStore& store, const tasks::Lease& lease, tasks::TaskStatus end) {
    const auto task = store.find(lease.task.task_id);
    return task && task->epoch == lease.epoch && task->status == end;
}

}  // namespace

GuardedEnd end_attempt(tasks::TaskStore& store, const tasks::Lease& lease, const LeaseWatch& watch,
                       tasks::TaskStatus end, const std::function<bool()>& statement) {
    bool was_silent = false;
    while (true) {
        try {
            if (statement() || (was_silent && is_ended(store, lease, end))) return GuardedEnd::done;
            return GuardedEnd::fenced;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::unavailable) throw;
        }
        was_silent = true;
        if (!watch.is_held()) return GuardedEnd::unknown;
        std::this_thread::sleep_for(kRetryPause);
    }
}

}  // namespace msst::worker
