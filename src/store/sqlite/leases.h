#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/store_clock.h"
#include "tasks/task_store.h"

// The statements of a task's attempts: claimed, renewed, ended by its worker, or taken away from it. All run
// within a write transaction. What they promise: tasks/task_store.h.

namespace msst::store::sqlite {

// Whether claim_task() or reap_some() would find something now; these two need no right to write.
bool has_due_task(Database& db, const StoreClock& clock, const tasks::Room& room);
bool has_overdue_task(Database& db, const StoreClock& clock);

std::optional<tasks::Lease> claim_task(Database& db, const StoreClock& clock, const std::string& worker,
                                       Milliseconds duration, const tasks::Room& room);
std::optional<tasks::Renewal> renew_lease(Database& db, const StoreClock& clock, const tasks::Lease& lease,
                                          Milliseconds duration);
bool write_progress(Database& db, const tasks::Lease& lease, double progress, tasks::Stage stage);

// False: fenced.
bool complete_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease,
                      const tasks::TaskResult& result);
bool fail_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease,
                  const tasks::TaskError& error);
bool cancel_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease);
bool release_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease);

// What becomes of a task whose worker is gone.
struct LossPolicy {
    int max_losses;         // at so many the task fails
    Milliseconds back_off;  // before it may be claimed again
};

std::optional<tasks::Reaped> give_back_task_of(Database& db, const StoreClock& clock,
                                               const std::string& worker, const LossPolicy& policy);

// A bounded number of tasks whose lease has run out, the longest overdue first; empty: there is none.
std::vector<tasks::Reaped> reap_some(Database& db, const StoreClock& clock, const LossPolicy& policy);

std::optional<tasks::CancelOutcome> cancel_task(Database& db, const StoreClock& clock,
                                                const std::string& task_id);
// Cancels it too.
std::optional<tasks::CancelOutcome> request_erasure(Database& db, const StoreClock& clock,
                                                    const std::string& task_id);

}  // namespace msst::store::sqlite
