#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/store_clock.h"
#include "tasks/task_store.h"

// The questions about tasks; they need no right to write. What they promise: tasks/task_store.h.

namespace msst::store::sqlite {

std::optional<tasks::Task> find_task(Database& db, const StoreClock& clock, const std::string& task_id);

// Costs the same however many tasks there are: every combination of filters has an index.
std::vector<tasks::Task> list_tasks(Database& db, const StoreClock& clock, const tasks::TaskQuery& query);

std::optional<int64_t> find_queue_position(Database& db, const std::string& task_id);

tasks::StoreStatistics read_statistics(Database& db, const StoreClock& clock);

}  // namespace msst::store::sqlite
