#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/failure_pace.h"
#include "base/log.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"
#include "tasks/worker_messages.h"
#include "worker/control_link.h"
#include "worker/separator_cache.h"

namespace msst::worker {

struct WorkerOptions {
    std::string worker_id;  // of this process and no other, ever: the store knows its tasks by it
    Milliseconds lease{30'000};
    Milliseconds poll_interval{1'000};       // how often it looks for work that nobody told it about
    double max_audio_seconds = 0;            // longer input is refused while it is decoded; 0: no limit
    int max_tasks = 1'000;                   // then the process is exchanged for a fresh one
    std::function<tasks::Room()> room = {};  // of its device, now; empty: it takes every task
    bool shares_device = false;              // others run on it too: no model is kept there without a task
};

// A worker process: claims the oldest task, separates it, tells the store, and
// again, until it is told to drain.
class Worker {
public:
    struct Parts {
        tasks::TaskStore& store;
        tasks::BlobStore& blobs;
        SeparatorFactory separators;
        const Clock& clock;
        Log& log;
        ControlLink& link;
    };

    Worker(const Parts& parts, WorkerOptions options);

    // Returns how the process is to exit. Does not throw on account of a task or a store.
    tasks::WorkerExit run();

private:
    tasks::Room ask_room();
    std::optional<tasks::Lease> claim();
    tasks::WorkerExit run_task(const tasks::Lease& lease, Milliseconds claimed_at);

    Parts parts_;
    WorkerOptions options_;
    SeparatorCache separators_;
    FailurePace claim_failures_;
};

}  // namespace msst::worker
