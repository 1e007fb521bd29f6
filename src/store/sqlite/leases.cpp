#include "store/sqlite/leases.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "store/sqlite/task_row.h"
#include "tasks/task_json.h"

namespace msst::store::sqlite {
namespace {

// What every statement of a worker demands: no row means that the task is not this attempt's any more.
const std::string kGuard = " WHERE task_id = ?1 AND epoch = ?2 AND status = 'processing'";

// What an attempt takes along when it ends, whoever ends it.
const std::string kLeaveWorker = " worker = NULL, lease_until = NULL, ";
// ?3 is the time on the wall, ?4 on the store's clock.
const std::string kFinish = kLeaveWorker + " stage = 'done', finished_at = ?3, finished_tick = ?4 ";

// Before the statement that ends it, while the row still names worker and start.
void record_attempt(Database& db, const StoreClock& clock, const std::string& task_id, int64_t epoch,
                    std::string_view outcome) {
    static const std::string kRecord =
        "INSERT INTO attempts (task_id, epoch, worker, started_at, ended_at, outcome)"
        " SELECT task_id, epoch, worker, started_at, ?3, ?4 FROM tasks" +
        kGuard;
    db.run(kRecord, task_id, epoch, clock.wall(), outcome);
}

void requeue(Database& db, const std::string& task_id, int64_t epoch, int losses,
             std::optional<StoreClock::Tick> not_before) {
    static const std::string kRequeue =
        "UPDATE tasks SET status = 'pending'," + kLeaveWorker +
        " progress = 0, stage = 'queued', lease_losses = ?3, not_before = ?4" + kGuard;
    db.run(kRequeue, task_id, epoch, losses, not_before);
}

void finish_cancelled(Database& db, const StoreClock& clock, const std::string& task_id, int64_t epoch) {
    static const std::string kCancel = "UPDATE tasks SET status = 'cancelled'," + kFinish +
                                       ", cancel_requested_at = coalesce(cancel_requested_at, ?3)" + kGuard;
    db.run(kCancel, task_id, epoch, clock.wall(), clock.tick());
}

void finish_failed(Database& db, const StoreClock& clock, const std::string& task_id, int64_t epoch,
                   const tasks::TaskError& error) {
    static const std::string kFail =
        "UPDATE tasks SET status = 'failed'," + kFinish + ", error = ?5" + kGuard;
    db.run(kFail, task_id, epoch, clock.wall(), clock.tick(), to_json_text(error));
}

// An attempt in progress, as the guard finds it.
struct Attempt {
    std::string task_id;
    int64_t epoch = 0;
    int lease_losses = 0;
    bool cancel_requested = false;
};

const std::string kSelectAttempt =
    "SELECT task_id, epoch, lease_losses, cancel_requested_at IS NOT NULL FROM tasks";

std::vector<Attempt> read_attempts(Statement& query) {
    std::vector<Attempt> attempts;
    while (query.step())
        attempts.push_back({.task_id = query.text(0),
                            .epoch = query.integer(1),
                            .lease_losses = static_cast<int>(query.integer(2)),
                            .cancel_requested = query.integer(3) != 0});
    return attempts;
}

std::optional<Attempt> find_attempt(Database& db, const tasks::Lease& lease) {
    static const std::string kFind = kSelectAttempt + kGuard;
    Statement query = db.prepare(kFind);
    query.bind_all(lease.task.task_id, lease.epoch);
    const auto found = read_attempts(query);
    if (found.empty()) return std::nullopt;
    return found.front();
}

std::string crash_message(int losses) {
    return "the worker stopped unexpectedly " + std::to_string(losses) + (losses == 1 ? " time" : " times") +
           " while it ran this task";
}

// The worker of this attempt is gone, without a word.
tasks::Reaped end_lost_attempt(Database& db, const StoreClock& clock, const Attempt& attempt,
                               const LossPolicy& policy, std::string_view outcome) {
    record_attempt(db, clock, attempt.task_id, attempt.epoch, outcome);
    const int losses = attempt.lease_losses + 1;
    if (attempt.cancel_requested) {
        finish_cancelled(db, clock, attempt.task_id, attempt.epoch);
        return {.task_id = attempt.task_id, .outcome = tasks::GiveBackOutcome::cancelled};
    }
    if (losses >= policy.max_losses) {
        db.run("UPDATE tasks SET lease_losses = ?3" + kGuard, attempt.task_id, attempt.epoch, losses);
        finish_failed(db, clock, attempt.task_id, attempt.epoch,
                      {.code = "worker_crashed", .message = crash_message(losses)});
        return {.task_id = attempt.task_id, .outcome = tasks::GiveBackOutcome::failed};
    }
    requeue(db, attempt.task_id, attempt.epoch, losses, clock.tick() + policy.back_off.count());
    return {.task_id = attempt.task_id, .outcome = tasks::GiveBackOutcome::requeued};
}

std::optional<std::string> null_if_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

// The task that a room takes next, if it has the memory free. ?1 the time on the store's clock, ?2 the
// device, ?3 its memory, ?4 what of it is free, ?5 more_than_bytes.
const std::string kNextTask =
    "SELECT seq FROM (SELECT seq, device_bytes FROM tasks INDEXED BY tasks_ready"
    "                  WHERE status = 'pending' AND (not_before IS NULL OR not_before <= ?1)"
    "                    AND device_bytes <= ?3 AND device_bytes > ?5 ORDER BY seq LIMIT 1)"
    " WHERE device_bytes = 0 OR device_bytes <= min(?4, ?3 -"
    "       (SELECT coalesce(sum(device_bytes), 0) FROM tasks INDEXED BY tasks_device"
    "         WHERE status = 'processing' AND device = ?2))";

int64_t to_milliseconds(double seconds) {
    return std::isfinite(seconds) ? std::llround(std::clamp(seconds, 0.0, 1e9) * 1000) : 0;
}

}  // namespace

bool has_due_task(Database& db, const StoreClock& clock, const tasks::Room& room) {
    Statement query = db.prepare(kNextTask);
    query.bind_all(clock.tick(), null_if_empty(room.device), room.total_bytes, room.free_bytes,
                   room.more_than_bytes);
    return query.step();
}

bool has_overdue_task(Database& db, const StoreClock& clock) {
    Statement query = db.prepare(
        "SELECT 1 FROM tasks INDEXED BY tasks_lease WHERE lease_until <= ?1 AND status = 'processing' LIMIT "
        "1");
    query.bind_all(clock.tick());
    return query.step();
}

std::optional<tasks::Lease> claim_task(Database& db, const StoreClock& clock, const std::string& worker,
                                       Milliseconds duration, const tasks::Room& room) {
    static const std::string kClaim =
        "UPDATE tasks SET status = 'processing', epoch = epoch + 1, worker = ?6, lease_until = ?1 + ?7,"
        " not_before = NULL, progress = 0, stage = 'queued', started_at = ?8, started_tick = ?1, device = ?2,"
        " waited_ms = coalesce(waited_ms, max(0, ?1 - created_tick))"
        " WHERE seq = (" +
        kNextTask + ")" + returning_task();
    check(!worker.empty(), "a worker without a name cannot claim a task");
    Statement claim = db.prepare(kClaim);
    claim.bind_all(clock.tick(), null_if_empty(room.device), room.total_bytes, room.free_bytes,
                   room.more_than_bytes, worker, duration.count(), clock.wall());
    if (!claim.step()) return std::nullopt;
    tasks::Task task = read_task(claim, clock);
    claim.step();
    const int64_t epoch = task.epoch;
    return tasks::Lease{.task = std::move(task), .worker = worker, .epoch = epoch};
}

std::optional<tasks::Renewal> renew_lease(Database& db, const StoreClock& clock, const tasks::Lease& lease,
                                          Milliseconds duration) {
    static const std::string kRenew =
        "UPDATE tasks SET lease_until = ?3" + kGuard + " RETURNING cancel_requested_at IS NOT NULL";
    Statement renew = db.prepare(kRenew);
    renew.bind_all(lease.task.task_id, lease.epoch, clock.tick() + duration.count());
    if (!renew.step()) return std::nullopt;
    const tasks::Renewal renewal{.cancel_requested = renew.integer(0) != 0};
    renew.step();
    return renewal;
}

bool write_progress(Database& db, const tasks::Lease& lease, double progress, tasks::Stage stage) {
    static const std::string kWrite = "UPDATE tasks SET progress = max(progress, ?3), stage = ?4" + kGuard;
    check(std::isfinite(progress), "progress is not a number");
    return db.run(kWrite, lease.task.task_id, lease.epoch, std::clamp(progress, 0.0, 100.0),
                  to_string(stage)) > 0;
}

bool complete_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease,
                      const tasks::TaskResult& result) {
    static const std::string kComplete =
        "UPDATE tasks SET status = 'completed'," + kFinish +
        ", progress = 100, result = ?5, processing_ms = max(0, ?4 - started_tick), audio_ms = ?6" + kGuard;
    record_attempt(db, clock, lease.task.task_id, lease.epoch, "completed");
    return db.run(kComplete, lease.task.task_id, lease.epoch, clock.wall(), clock.tick(),
                  to_json_text(result), to_milliseconds(result.audio_seconds)) > 0;
}

bool fail_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease,
                  const tasks::TaskError& error) {
    if (!find_attempt(db, lease)) return false;
    record_attempt(db, clock, lease.task.task_id, lease.epoch, "failed");
    finish_failed(db, clock, lease.task.task_id, lease.epoch, error);
    return true;
}

bool cancel_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease) {
    if (!find_attempt(db, lease)) return false;
    record_attempt(db, clock, lease.task.task_id, lease.epoch, "cancelled");
    finish_cancelled(db, clock, lease.task.task_id, lease.epoch);
    return true;
}

bool release_attempt(Database& db, const StoreClock& clock, const tasks::Lease& lease) {
    const auto attempt = find_attempt(db, lease);
    if (!attempt) return false;
    record_attempt(db, clock, attempt->task_id, attempt->epoch, "released");
    // Nobody runs it any more, so a requested cancel has nothing to wait for.
    if (attempt->cancel_requested)
        finish_cancelled(db, clock, attempt->task_id, attempt->epoch);
    else
        requeue(db, attempt->task_id, attempt->epoch, attempt->lease_losses, /*not_before=*/std::nullopt);
    return true;
}

std::optional<tasks::Reaped> give_back_task_of(Database& db, const StoreClock& clock,
                                               const std::string& worker, const LossPolicy& policy) {
    std::vector<Attempt> held;
    {
        Statement query = db.prepare(kSelectAttempt +
                                     " INDEXED BY tasks_worker WHERE worker = ?1 AND status = 'processing'"
                                     " ORDER BY seq LIMIT 1");
        query.bind_all(worker);
        held = read_attempts(query);
    }
    if (held.empty()) return std::nullopt;
    return end_lost_attempt(db, clock, held.front(), policy, "worker_died");
}

std::vector<tasks::Reaped> reap_some(Database& db, const StoreClock& clock, const LossPolicy& policy) {
    std::vector<Attempt> overdue;
    {
        Statement query = db.prepare(kSelectAttempt +
                                     " INDEXED BY tasks_lease WHERE lease_until <= ?1"
                                     " AND status = 'processing' ORDER BY lease_until LIMIT 100");
        query.bind_all(clock.tick());
        overdue = read_attempts(query);
    }
    std::vector<tasks::Reaped> reaped;
    reaped.reserve(overdue.size());
    for (const Attempt& attempt : overdue)
        reaped.push_back(end_lost_attempt(db, clock, attempt, policy, "lease_expired"));
    return reaped;
}

std::optional<tasks::CancelOutcome> cancel_task(Database& db, const StoreClock& clock,
                                                const std::string& task_id) {
    const Timestamp now = clock.wall();
    if (db.run("UPDATE tasks SET status = 'cancelled', stage = 'done', not_before = NULL, finished_at = ?2,"
               " finished_tick = ?3, cancel_requested_at = ?2 WHERE task_id = ?1 AND status = 'pending'",
               task_id, now, clock.tick()) > 0)
        return tasks::CancelOutcome::cancelled;
    if (db.run("UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, ?2)"
               " WHERE task_id = ?1 AND status = 'processing'",
               task_id, now) > 0)
        return tasks::CancelOutcome::requested;
    Statement query = db.prepare("SELECT 1 FROM tasks WHERE task_id = ?1");
    query.bind_all(task_id);
    if (!query.step()) return std::nullopt;
    return tasks::CancelOutcome::already_final;
}

std::optional<tasks::CancelOutcome> request_erasure(Database& db, const StoreClock& clock,
                                                    const std::string& task_id) {
    db.run(
        "UPDATE tasks SET erase_requested_at = coalesce(erase_requested_at, ?2), idempotency_key = NULL,"
        " request_fingerprint = NULL WHERE task_id = ?1",
        task_id, clock.wall());
    return cancel_task(db, clock, task_id);
}

}  // namespace msst::store::sqlite
