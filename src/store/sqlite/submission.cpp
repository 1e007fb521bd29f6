#include "store/sqlite/submission.h"

#include "base/error.h"
#include "base/ids.h"
#include "store/sqlite/task_row.h"
#include "tasks/task_json.h"

namespace msst::store::sqlite {
namespace {

std::optional<std::string> none_if_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

tasks::Task insert_task(Database& db, const StoreClock& clock, const tasks::NewTask& task) {
    static const std::string kInsert =
        "INSERT INTO tasks (task_id, owner, model_type, request, input, input_key, idempotency_key,"
        "                   request_fingerprint, created_at, created_tick, device_bytes)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)" +
        returning_task();
    const Timestamp now = clock.wall();
    Statement insert = db.prepare(kInsert);
    insert.bind_all(make_uuid_v7(now), task.owner, task.request.model_type, to_json_text(task.request),
                    to_json_text(task.input), task.input_key, none_if_empty(task.idempotency_key),
                    none_if_empty(task.request_fingerprint), now, clock.tick(), task.device_bytes);
    check(insert.step(), "the new task did not come back");
    tasks::Task added = read_task(insert, clock);
    insert.step();  // to its end, which is when the triggers' work counts as done
    return added;
}

int64_t position_of(Database& db, const tasks::Task& task) {
    return task.status == tasks::TaskStatus::pending ? count_pending_before(db, task.seq) : 0;
}

}  // namespace

tasks::AddResult add_task(Database& db, const StoreClock& clock, const tasks::NewTask& task,
                          int64_t max_queued) {
    using tasks::AddOutcome;
    if (!task.idempotency_key.empty()) {
        if (const auto earlier = find_idempotent(db, clock, task.owner, task.idempotency_key)) {
            const bool same = earlier->request_fingerprint == task.request_fingerprint;
            return {.outcome = same ? AddOutcome::replayed : AddOutcome::key_conflict,
                    .task = earlier->task,
                    .queue_position = position_of(db, earlier->task)};
        }
    }
    const int64_t pending = db.read_integer("SELECT tasks FROM totals WHERE status = 'pending'");
    if (pending >= max_queued) return {.outcome = AddOutcome::queue_full, .task = {}, .queue_position = 0};
    // Every pending task has a smaller seq.
    return {.outcome = AddOutcome::added, .task = insert_task(db, clock, task), .queue_position = pending};
}

std::optional<tasks::TaskStore::IdempotentTask> find_idempotent(Database& db, const StoreClock& clock,
                                                                const std::string& owner,
                                                                const std::string& key) {
    static const std::string kFind =
        select_task() + ", request_fingerprint FROM tasks WHERE owner = ?1 AND idempotency_key = ?2";
    Statement query = db.prepare(kFind);
    query.bind_all(owner, key);
    if (!query.step()) return std::nullopt;
    return tasks::TaskStore::IdempotentTask{.task = read_task(query, clock),
                                            .request_fingerprint = query.text(query.column_count() - 1)};
}

int64_t count_pending_before(Database& db, int64_t seq) {
    Statement query =
        db.prepare("SELECT count(*) FROM tasks INDEXED BY tasks_ready WHERE status = 'pending' AND seq < ?1");
    query.bind_all(seq);
    return query.step() ? query.integer(0) : 0;
}

int64_t forget_some_idempotency_keys(Database& db, StoreClock::Tick before) {
    return db.run(
        "UPDATE tasks SET idempotency_key = NULL, request_fingerprint = NULL WHERE seq IN"
        " (SELECT seq FROM tasks INDEXED BY tasks_idempotency_age"
        "   WHERE idempotency_key IS NOT NULL AND created_tick < ?1 ORDER BY created_tick LIMIT 200)",
        before);
}

}  // namespace msst::store::sqlite
