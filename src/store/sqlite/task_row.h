#pragma once

#include <string>
#include <vector>

#include "store/sqlite/statement.h"
#include "store/sqlite/store_clock.h"
#include "tasks/task.h"

// Between a row of the table `tasks` and a tasks::Task.

namespace msst::store::sqlite {

// "SELECT <every column a Task is made of>"; follow it with " FROM tasks …".
const std::string& select_task();
// " RETURNING <the same columns>"
const std::string& returning_task();

// The statement's current row, whose columns are those of select_task().
tasks::Task read_task(const Statement& row, const StoreClock& clock);

// Every row that is left.
std::vector<tasks::Task> read_tasks(Statement& query, const StoreClock& clock);

}  // namespace msst::store::sqlite
