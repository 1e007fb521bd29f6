#include "store/sqlite/retention.h"

#include "store/sqlite/task_row.h"

namespace msst::store::sqlite {

std::vector<tasks::Task> find_expired_files(Database& db, const StoreClock& clock, Timestamp completed_before,
                                            Timestamp failed_before, int limit) {
    const auto range = [](const char* status, const char* before) {
        return std::string(
                   "SELECT * FROM (SELECT seq FROM tasks INDEXED BY tasks_with_files WHERE status = '") +
               status + "' AND finished_tick < " + before +
               " AND files_deleted_at IS NULL ORDER BY finished_tick LIMIT ?3)";
    };
    static const std::string kFind = select_task() + " FROM tasks WHERE seq IN (" + range("completed", "?1") +
                                     " UNION ALL " + range("failed", "?2") + " UNION ALL " +
                                     range("cancelled", "?2") + ") ORDER BY finished_tick, seq LIMIT ?3";
    Statement query = db.prepare(kFind);
    query.bind_all(clock.to_tick(completed_before), clock.to_tick(failed_before), limit);
    return read_tasks(query, clock);
}

std::vector<tasks::Task> find_expired_records(Database& db, const StoreClock& clock,
                                              Timestamp finished_before, int limit) {
    static const std::string kFind = select_task() +
                                     " FROM tasks INDEXED BY tasks_without_files WHERE finished_tick < ?1"
                                     " AND files_deleted_at IS NOT NULL ORDER BY finished_tick LIMIT ?2";
    Statement query = db.prepare(kFind);
    query.bind_all(clock.to_tick(finished_before), limit);
    return read_tasks(query, clock);
}

std::vector<tasks::Task> find_to_erase(Database& db, const StoreClock& clock, int limit) {
    static const std::string kFind =
        select_task() +
        " FROM tasks INDEXED BY tasks_to_erase WHERE erase_requested_at IS NOT NULL"
        " AND finished_at IS NOT NULL ORDER BY erase_requested_at, task_id LIMIT ?1";
    Statement query = db.prepare(kFind);
    query.bind_all(limit);
    return read_tasks(query, clock);
}

void write_files_deleted(Database& db, const StoreClock& clock, const std::string& task_id) {
    db.run(
        "UPDATE tasks SET files_deleted_at = ?2"
        " WHERE task_id = ?1 AND finished_at IS NOT NULL AND files_deleted_at IS NULL",
        task_id, clock.wall());
}

bool erase_task(Database& db, const std::string& task_id) {
    return db.run("DELETE FROM tasks WHERE task_id = ?1 AND finished_at IS NOT NULL", task_id) > 0;
}

}  // namespace msst::store::sqlite
