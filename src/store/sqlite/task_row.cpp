#include "store/sqlite/task_row.h"

#include "base/error.h"
#include "tasks/task_json.h"

namespace msst::store::sqlite {
namespace {

// In the order in which read_task() counts them.
const std::string kColumns =
    "task_id, owner, seq, status, epoch, lease_losses, worker, not_before, lease_until, cancel_requested_at, "
    "progress, stage, request, input, input_key, result, error, created_at, started_at, finished_at, "
    "files_deleted_at, device, device_bytes, erase_requested_at";

template <typename Enum>
Enum known(std::optional<Enum> value, const char* what) {
    check(value.has_value(), what);
    return *value;
}

std::optional<Timestamp> read_tick(const Statement& row, int column, const StoreClock& clock) {
    if (row.is_null(column)) return std::nullopt;
    return clock.to_wall(row.integer(column));
}

}  // namespace

const std::string& select_task() {
    static const std::string kText = "SELECT " + kColumns;
    return kText;
}

const std::string& returning_task() {
    static const std::string kText = " RETURNING " + kColumns;
    return kText;
}

tasks::Task read_task(const Statement& row, const StoreClock& clock) {
    int column = 0;
    tasks::Task task;
    task.task_id = row.text(column++);
    task.owner = row.text(column++);
    task.seq = row.integer(column++);
    task.status = known(tasks::parse_task_status(row.text(column++)), "a stored status is unknown");
    task.epoch = row.integer(column++);
    task.lease_losses = static_cast<int>(row.integer(column++));
    task.worker = row.text(column++);
    task.not_before = read_tick(row, column++, clock);
    task.lease_until = read_tick(row, column++, clock);
    task.cancel_requested_at = row.time(column++);
    task.progress = row.real(column++);
    task.stage = known(tasks::parse_stage(row.text(column++)), "a stored stage is unknown");
    task.request = tasks::parse_separation_request(row.text(column++));
    task.input = tasks::parse_input_facts(row.text(column++));
    task.input_key = row.text(column++);
    if (!row.is_null(column)) task.result = tasks::parse_task_result(row.text(column));
    ++column;
    if (!row.is_null(column)) task.error = tasks::parse_task_error(row.text(column));
    ++column;
    task.created_at = row.time(column++).value_or(Timestamp{});
    task.started_at = row.time(column++);
    task.finished_at = row.time(column++);
    task.files_deleted_at = row.time(column++);
    task.device = row.text(column++);
    task.device_bytes = row.integer(column++);
    task.erase_requested_at = row.time(column++);
    return task;
}

std::vector<tasks::Task> read_tasks(Statement& query, const StoreClock& clock) {
    std::vector<tasks::Task> tasks;
    while (query.step()) tasks.push_back(read_task(query, clock));
    return tasks;
}

}  // namespace msst::store::sqlite
