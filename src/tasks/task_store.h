#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tasks/task.h"

// The durable queue of tasks, shared by servers and workers. docs/reliability.md
// holds its promises: an accepted task is never lost, runs at least once and is
// published exactly once. One conformance suite (tests/store) holds every
// implementation to this page.
//
// Times are the store's own (its Clock): only the store decides about leases.
// Every call is thread-safe, and throws Error(unavailable) when the database
// does not answer.

namespace msst::tasks {

struct NewTask {
    std::string owner;
    SeparationRequest request;
    InputFacts input;
    std::string input_key;
    int64_t device_bytes = 0;         // of memory, that the model needs on a device
    std::string idempotency_key;      // empty: none
    std::string request_fingerprint;  // of the request that came with the key
};

enum class AddOutcome {
    added,         // task is the new one; it is durable
    replayed,      // the same key with the same fingerprint: task is the earlier one
    key_conflict,  // the same key with another fingerprint; nothing added
    queue_full,    // max_queued pending tasks are there already; nothing added
};

struct AddResult {
    AddOutcome outcome = AddOutcome::added;
    std::optional<Task> task;
    int64_t queue_position = 0;  // of `task`; 0 = next
};

// A worker's right to one task for a while. `epoch` is the fencing token.
struct Lease {
    Task task;  // as it was when claimed, status processing
    std::string worker;
    int64_t epoch = 0;
};

// Where a worker would run a task (R11.6).
struct Room {
    static constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

    std::string device;  // names it among all that share the store; empty: its memory is not counted
    int64_t total_bytes = kNoLimit;  // of memory; tasks that need more are for other devices
    int64_t free_bytes = kNoLimit;   // of them, as the device says
    int64_t more_than_bytes = -1;    // tasks that need no more than that are for others
};

struct Renewal {
    bool cancel_requested = false;
};

struct TaskQuery {
    std::optional<std::string> owner;  // none: of every owner (authentication off)
    std::vector<TaskStatus> statuses;  // empty: any
    std::string model_type;            // empty: any
    std::string before_task_id;        // keyset cursor: only tasks older than this; empty: from the newest
    bool hides_erased = false;         // without those that are to be erased
    int limit = 50;
};

enum class CancelOutcome { cancelled, requested, already_final };

// What a reaper or supervisor did with a task whose worker is gone.
enum class GiveBackOutcome { requeued, failed, cancelled, lease_not_held };

struct Reaped {
    std::string task_id;
    GiveBackOutcome outcome = GiveBackOutcome::requeued;
};

struct StoreStatistics {
    int64_t pending = 0, processing = 0, completed = 0, failed = 0, cancelled = 0;
    int64_t completed_24h = 0, failed_24h = 0;
    double average_processing_seconds = 0;  // of completed tasks that are still recorded
    double average_wait_seconds = 0;        // from submission to the first claim
    double audio_seconds_processed = 0;
    std::optional<Timestamp> oldest_pending;  // created_at
};

class TaskStore {
public:
    virtual ~TaskStore() = default;

    // Durable when it returns. At most `max_queued` tasks are pending at once;
    // the check and the insertion are one transaction.
    virtual AddResult add(const NewTask& task, int64_t max_queued) = 0;

    // The task an idempotency key of this owner made before, and its fingerprint.
    struct IdempotentTask {
        Task task;
        std::string request_fingerprint;
    };
    virtual std::optional<IdempotentTask> find_by_idempotency_key(const std::string& owner,
                                                                  const std::string& key) = 0;

    virtual std::optional<Task> find(const std::string& task_id) = 0;

    // Newest first (by task id).
    virtual std::vector<Task> list(const TaskQuery& query) = 0;

    // How many pending tasks start before this one; 0 = next. None unless it is pending.
    virtual std::optional<int64_t> queue_position(const Task& task) = 0;

    // The due pending task with the smallest seq, of those that `room` could ever take, becomes processing:
    // epoch + 1, leased to `worker` until now + duration. None, also when it has to wait until the device has
    // the memory free: neither more than free_bytes, nor more than is left of total_bytes beside the tasks
    // that are processing on the device. Younger tasks do not overtake it there.
    virtual std::optional<Lease> claim(const std::string& worker, Milliseconds duration,
                                       const Room& room) = 0;
    std::optional<Lease> claim(const std::string& worker, Milliseconds duration) {
        return claim(worker, duration, Room{});
    }

    // Extends the lease from now. None: the lease is lost, stop and publish nothing.
    virtual std::optional<Renewal> renew(const Lease& lease, Milliseconds duration) = 0;

    // Progress (0-100) only ever rises within an epoch. False: the lease is lost.
    virtual bool report_progress(const Lease& lease, double progress, Stage stage) = 0;

    // The guarded statements that end an attempt. False: fenced, the result is dropped.
    // complete() names the epoch whose result files count from then on.
    virtual bool complete(const Lease& lease, const TaskResult& result) = 0;
    virtual bool fail(const Lease& lease, const TaskError& error) = 0;
    virtual bool mark_cancelled(const Lease& lease) = 0;

    // A clean drain: the task is pending again, with its old seq, at once; counts nothing.
    virtual bool release(const Lease& lease) = 0;

    // The supervisor saw `worker` die: its task, if it holds one, is given back
    // at once, counting a lease loss (at max_losses it fails with worker_crashed;
    // a requested cancel wins), with `back_off` before the next claim.
    virtual std::optional<Reaped> give_back(const std::string& worker, int max_losses,
                                            Milliseconds back_off) = 0;

    // The same for every task whose lease has run out.
    virtual std::vector<Reaped> reap(int max_losses, Milliseconds back_off) = 0;

    // Pending: cancelled at once. Processing: the worker is asked to stop. None: no such task.
    virtual std::optional<CancelOutcome> cancel(const std::string& task_id) = 0;

    // Its client deleted the task: cancels it as cancel() does, and remembers, also beyond a restart, that it
    // is to be erased; its idempotency key is free again. None: no such task.
    virtual std::optional<CancelOutcome> request_erasure(const std::string& task_id) = 0;
    // Final tasks that are to be erased, those that were asked for first before the others.
    virtual std::vector<Task> to_erase(int limit) = 0;

    // Removes the record. Call only for final tasks whose files are gone. False: no such final task.
    virtual bool erase(const std::string& task_id) = 0;

    // Retention. Final tasks with files still there, finished before the given
    // times (completed ones, and failed or cancelled ones); oldest first.
    virtual std::vector<Task> with_expired_files(Timestamp completed_before, Timestamp failed_before,
                                                 int limit) = 0;
    virtual void mark_files_deleted(const std::string& task_id) = 0;
    // Final tasks finished before `time` whose files are gone; oldest first.
    virtual std::vector<Task> with_expired_record(Timestamp finished_before, int limit) = 0;
    // Idempotency keys older than `time` no longer replay.
    virtual void forget_idempotency_keys(Timestamp created_before) = 0;

    virtual StoreStatistics statistics() = 0;

    // Rate limiting that survives a restart: counts one request of `key` in the
    // sliding window of the last hour if fewer than `limit` are in it. The check and the count are one step.
    struct RateDecision {
        bool allowed = true;
        int64_t remaining = 0;
        Timestamp reset{};  // when the window has room again (refused) or is wholly fresh
    };
    virtual RateDecision count_request(const std::string& key, int64_t limit) = 0;

    // Answers quickly whether the database works; throws Error(unavailable) if not.
    virtual void ping() = 0;
};

}  // namespace msst::tasks
