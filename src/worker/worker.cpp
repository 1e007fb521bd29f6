#include "worker/worker.h"

#include <utility>

#include "worker/attempt.h"

namespace msst::worker {

using tasks::WorkerExit;
using tasks::WorkerMessage;

Worker::Worker(const Parts& parts, WorkerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      separators_(parts.separators, [this](const std::string& model) {
          parts_.link.say({.kind = WorkerMessage::Kind::model, .model = model});
      }) {}

WorkerExit Worker::run() {
    parts_.link.say({.kind = WorkerMessage::Kind::hello});
    parts_.log.info("worker_started", {{"worker", options_.worker_id}});
    WorkerExit exit = WorkerExit::done;
    int tasks_run = 0;
    while (exit == WorkerExit::done && tasks_run < options_.max_tasks && !parts_.link.drain_deadline()) {
        const Milliseconds claimed_at = parts_.clock.monotonic();
        if (const auto lease = claim()) {
            exit = run_task(*lease, claimed_at);
            ++tasks_run;
        } else {
            parts_.link.wait_for_work(options_.poll_interval);
        }
    }
    parts_.log.info("worker_stopped", {{"worker", options_.worker_id}, {"tasks_run", tasks_run}});
    return exit;
}

// Asks the device, and tells the supervisor too.
tasks::Room Worker::ask_room() {
    if (!options_.room) return {};
    const tasks::Room room = options_.room();
    parts_.link.say({.kind = WorkerMessage::Kind::memory,
                     .total_bytes = room.total_bytes,
                     .free_bytes = room.free_bytes});
    return room;
}

std::optional<tasks::Lease> Worker::claim() {
    try {
        auto claimed = parts_.store.claim(options_.worker_id, options_.lease, ask_room());
        claim_failures_.reset();
        return claimed;
    } catch (const std::exception& error) {
        if (claim_failures_.count_failure(parts_.clock.monotonic()))
            parts_.log.warning("claim_failed", {{"worker", options_.worker_id},
                                                {"tries", claim_failures_.failures()},
                                                {"error", error.what()}});
        return std::nullopt;
    }
}

WorkerExit Worker::run_task(const tasks::Lease& lease, Milliseconds claimed_at) {
    const std::string& task_id = lease.task.task_id;
    parts_.link.say({.kind = WorkerMessage::Kind::busy, .task_id = task_id});
    parts_.log.info("task_started",
                    {{"task_id", task_id}, {"epoch", lease.epoch}, {"worker", options_.worker_id}});
    const AttemptEnd end = run_attempt(
        {.store = parts_.store,
         .blobs = parts_.blobs,
         .separators = separators_,
         .clock = parts_.clock,
         .log = parts_.log,
         .lease = options_.lease,
         .max_audio_seconds = options_.max_audio_seconds,
         .drain_deadline = [this] { return parts_.link.drain_deadline(); },
         .on_advance =
             [&](double fraction) {
                 parts_.link.say(
                     {.kind = WorkerMessage::Kind::progress, .task_id = task_id, .fraction = fraction});
             }},
        lease, claimed_at);
    if (options_.shares_device) separators_.clear();
    parts_.link.say({.kind = WorkerMessage::Kind::idle});
    return end == AttemptEnd::tainted ? WorkerExit::start_afresh : WorkerExit::done;
}

}  // namespace msst::worker
