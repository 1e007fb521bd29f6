#pragma once

#include <string>
#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/store_clock.h"
#include "tasks/task_store.h"

// The statements of retention: what has been final for long enough, in small steps. Ages are of store time,
// so that setting the wall clock deletes nothing. What they promise: tasks/task_store.h.

namespace msst::store::sqlite {

std::vector<tasks::Task> find_expired_files(Database& db, const StoreClock& clock, Timestamp completed_before,
                                            Timestamp failed_before, int limit);
std::vector<tasks::Task> find_expired_records(Database& db, const StoreClock& clock,
                                              Timestamp finished_before, int limit);

std::vector<tasks::Task> find_to_erase(Database& db, const StoreClock& clock, int limit);

// Within a write transaction.
void write_files_deleted(Database& db, const StoreClock& clock, const std::string& task_id);
bool erase_task(Database& db, const std::string& task_id);

}  // namespace msst::store::sqlite
