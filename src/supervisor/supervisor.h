#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/failure_pace.h"
#include "base/log.h"
#include "supervisor/restart_back_off.h"
#include "supervisor/worker_process.h"
#include "supervisor/worker_status.h"
#include "tasks/task_store.h"

// Keeps one worker per slot alive. A worker that crashes, is killed, falls
// silent or stops advancing is replaced, and its task is given back at once.

namespace msst::supervisor {

struct SupervisorOptions {
    std::vector<WorkerSlot> slots;

    // Names this server among all that use the same task store; no other one may have it, and a restarted one
    // has the same. Worker ids are "<node>/<slot>/<random>".
    std::string node;

    std::function<WorkerCommand(const WorkerSlot&, const std::string& worker_id)> command;

    int max_attempts = 3;                    // losses of a worker until the task fails
    Milliseconds task_back_off{1'000};       // of a task that lost its worker
    Milliseconds silence_timeout{30'000};    // without a word; a lease, 3 s at least
    Milliseconds progress_timeout{300'000};  // of a task
    Milliseconds reap_interval{2'000};       // for leases of other servers' workers
    Milliseconds shortest_restart{100};
    Milliseconds longest_restart{30'000};
    Milliseconds healthy_after{60'000};  // a life as long as this, or a task ended, forgets the failures
    Milliseconds drain_grace{5'000};     // beyond the drain limit, for the worker to give its task back
};

class Supervisor {
public:
    Supervisor(SupervisorOptions options, tasks::TaskStore& store, const Clock& clock, Log& log);

    // Ends the workers at once; their tasks are given back without counting.
    ~Supervisor();

    // Gives back, without counting, what this server's workers held when it was ended the last time, and
    // starts the workers. Throws as the store.
    void start();

    // A task was added. Thread-safe, does not wait.
    void wake();

    // Tells the workers to finish within `limit` or to give their task back. Call it once. Does not wait.
    void begin_drain(Milliseconds limit);

    // Waits until all workers are gone, after begin_drain().
    void finish_drain();

    // Thread-safe, does not wait.
    WorkerStatus status() const;

private:
    struct Slot;

    void run();
    void wait_for_events();
    void take_commands();
    void step(Milliseconds now);
    void look_after(Slot& slot, Milliseconds now);
    void start_worker(Slot& slot, Milliseconds now);
    void end_if_hung(Slot& slot, Milliseconds now);
    void handle_exit(Slot& slot, const ExitStatus& status, Milliseconds now);
    void schedule_restart(Slot& slot, const ExitStatus& status, Milliseconds now);
    void give_back_tasks();
    void give_back(const std::string& worker_id);
    void reap(Milliseconds now);
    void refuse_oversized();
    WorkerStatus make_status() const;
    void publish_status();
    bool is_done() const;
    bool is_drain_over(Milliseconds now) const;

    SupervisorOptions options_;
    tasks::TaskStore& store_;
    const Clock& clock_;
    Log& log_;
    Pipe wake_pipe_;

    // Of the supervising thread.
    std::vector<Slot> slots_;
    std::vector<std::string> dead_workers_;  // whose tasks are still to be given back
    FailurePace give_back_failures_;
    FailurePace reap_failures_;
    Milliseconds next_reap_{0};
    std::optional<Milliseconds> kill_deadline_;  // draining; monotonic

    mutable std::mutex mutex_;
    WorkerStatus status_;                      // guarded by mutex_
    std::optional<Milliseconds> drain_limit_;  // guarded by mutex_; asked for

    std::thread thread_;
};

}  // namespace msst::supervisor
