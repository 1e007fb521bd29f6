#pragma once

#include <optional>
#include <string>

#include "store/sqlite/database.h"
#include "store/sqlite/store_clock.h"
#include "tasks/task_store.h"

// The statements that put a task into the queue. What they promise: tasks/task_store.h.

namespace msst::store::sqlite {

// Within a write transaction.
tasks::AddResult add_task(Database& db, const StoreClock& clock, const tasks::NewTask& task,
                          int64_t max_queued);

std::optional<tasks::TaskStore::IdempotentTask> find_idempotent(Database& db, const StoreClock& clock,
                                                                const std::string& owner,
                                                                const std::string& key);

int64_t count_pending_before(Database& db, int64_t seq);

// Within a write transaction. Forgets a bounded number of keys made before `before` and returns how many.
int64_t forget_some_idempotency_keys(Database& db, StoreClock::Tick before);

}  // namespace msst::store::sqlite
