#pragma once

#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "tasks/task_store.h"
#include "worker/lease_watch.h"

namespace msst::worker {

enum class GuardedEnd {
    done,
    fenced,   // the attempt was over already; the result is dropped
    unknown,  // the store did not answer for as long as the lease lasted: it may or may not be done
};

struct EndParts {
    tasks::TaskStore& store;
    const Clock& clock;
    Log& log;
};

// Runs the statement that ends an attempt. When the store does not answer the outcome is unknown, so the
// statement is repeated, which the log is told after a second; if it then finds no row, the task itself says
// whether the first one had been done. end: the state that the statement leads to.
GuardedEnd end_attempt(const EndParts& parts, const tasks::Lease& lease, const LeaseWatch& watch,
                       tasks::TaskStatus end, const std::function<bool()>& statement);

}  // namespace msst::worker
