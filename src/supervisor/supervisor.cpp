#include "supervisor/supervisor.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <unistd.h>

#include "base/error.h"
#include "base/ids.h"
#include "supervisor/held_tasks.h"
#include "supervisor/oversized_tasks.h"

namespace msst::supervisor {
namespace {

using tasks::SupervisorMessage;

constexpr Milliseconds kLongestWait{1'000};
constexpr Milliseconds kShortestWait{10};
// Of a worker that speaks every second.
constexpr Milliseconds kShortestSilence{3'000};

double chance() {
    return static_cast<double>(randombytes_uniform(1'000)) / 1'000;
}

std::string describe(WorkerHealth::Verdict verdict) {
    return verdict == WorkerHealth::Verdict::silent ? "it is silent" : "its task does not advance";
}

std::string to_string(tasks::GiveBackOutcome outcome) {
    switch (outcome) {
        case tasks::GiveBackOutcome::requeued:
            return "requeued";
        case tasks::GiveBackOutcome::failed:
            return "failed";
        case tasks::GiveBackOutcome::cancelled:
            return "cancelled";
        case tasks::GiveBackOutcome::lease_not_held:
            return "lease_not_held";
    }
    return "";
}

}  // namespace

struct Supervisor::Slot {
    WorkerSlot slot;
    RestartBackOff back_off;
    std::unique_ptr<WorkerProcess> worker = {};
    bool is_ending = false;      // the worker was sent SIGKILL
    Milliseconds started{0};     // monotonic; of the worker
    Milliseconds next_start{0};  // monotonic; while there is none
    int64_t restarts = 0;
    std::string last_exit = {};
    std::optional<DeviceMemory> memory = {};  // as the last worker that spoke of it said
};

Supervisor::Supervisor(SupervisorOptions options, tasks::TaskStore& store, const Clock& clock, Log& log)
    : options_(std::move(options)), store_(store), clock_(clock), log_(log), wake_pipe_(make_pipe()) {
    check(!options_.node.empty(), "a supervisor needs the name of its node");
    options_.silence_timeout = std::max(options_.silence_timeout, kShortestSilence);
    for (const int fd : {wake_pipe_.reader.get(), wake_pipe_.writer.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    for (const WorkerSlot& slot : options_.slots)
        slots_.push_back(
            {.slot = slot, .back_off = RestartBackOff(options_.shortest_restart, options_.longest_restart)});
    publish_status();
}

Supervisor::~Supervisor() {
    options_.drain_grace = Milliseconds(0);
    if (!thread_.joinable()) return;
    begin_drain(Milliseconds(0));
    finish_drain();
}

void Supervisor::start() {
    const std::string prefix = options_.node + "/";
    const int released =
        release_held(store_, [&](const std::string& worker) { return worker.starts_with(prefix); });
    if (released > 0) log_.info("tasks_resumed", {{"count", released}});
    // The workers end when the thread that starts them does.
    thread_ = std::thread([this] { run(); });
}

void Supervisor::wake() {
    const char byte = 'w';
    [[maybe_unused]] const ssize_t ignored = ::write(wake_pipe_.writer.get(), &byte, 1);
}

void Supervisor::begin_drain(Milliseconds limit) {
    {
        const std::lock_guard lock(mutex_);
        drain_limit_ = limit;
    }
    wake();
}

void Supervisor::finish_drain() {
    if (thread_.joinable()) thread_.join();
}

WorkerStatus Supervisor::status() const {
    const std::lock_guard lock(mutex_);
    WorkerStatus status = status_;
    status.is_draining = drain_limit_.has_value();  // as soon as it is asked for
    return status;
}

void Supervisor::run() {
    while (!is_done()) {
        step(clock_.monotonic());
        publish_status();
        if (!is_done()) wait_for_events();
        take_commands();
    }
    publish_status();
}

void Supervisor::wait_for_events() {
    std::vector<pollfd> watched = {{.fd = wake_pipe_.reader.get(), .events = POLLIN, .revents = 0}};
    for (const Slot& slot : slots_) {
        if (!slot.worker) continue;
        for (const int fd : {slot.worker->exit_descriptor(), slot.worker->socket(), slot.worker->output()})
            watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    }
    const Milliseconds now = clock_.monotonic();
    Milliseconds wait = std::min(
        {kLongestWait, next_reap_ - now, options_.silence_timeout / 4, options_.progress_timeout / 4});
    for (const Slot& slot : slots_)
        if (!slot.worker) wait = std::min(wait, slot.next_start - now);
    if (kill_deadline_) wait = std::min(wait, *kill_deadline_ - now);
    ::poll(watched.data(), watched.size(), static_cast<int>(std::max(wait, kShortestWait).count()));
}

void Supervisor::take_commands() {
    std::array<char, 256> bytes{};
    if (::read(wake_pipe_.reader.get(), bytes.data(), bytes.size()) <= 0) return;
    std::optional<Milliseconds> limit;
    {
        const std::lock_guard lock(mutex_);
        limit = drain_limit_;
    }
    if (limit && !kill_deadline_) kill_deadline_ = clock_.monotonic() + *limit + options_.drain_grace;
    const SupervisorMessage message =
        limit ? SupervisorMessage{.kind = SupervisorMessage::Kind::drain, .limit = *limit}
              : SupervisorMessage{};
    for (const Slot& slot : slots_)
        if (slot.worker) slot.worker->say(message);
}

void Supervisor::step(Milliseconds now) {
    for (Slot& slot : slots_) look_after(slot, now);
    give_back_tasks();
    reap(now);
}

void Supervisor::look_after(Slot& slot, Milliseconds now) {
    if (!slot.worker) {
        if (!kill_deadline_ && now >= slot.next_start) start_worker(slot, now);
        return;
    }
    slot.worker->read(now);
    if (slot.worker->health().memory()) slot.memory = slot.worker->health().memory();
    if (const auto status = slot.worker->find_exit(now)) return handle_exit(slot, *status, now);
    end_if_hung(slot, now);
}

void Supervisor::start_worker(Slot& slot, Milliseconds now) {
    const std::string worker_id = options_.node + "/" + slot.slot.name + "/" + make_random_hex(8);
    try {
        slot.worker = std::make_unique<WorkerProcess>(
            WorkerProcess::Identity{.worker_id = worker_id, .slot = slot.slot.name},
            options_.command(slot.slot, worker_id),
            WorkerHealth(options_.silence_timeout, options_.progress_timeout, now), log_);
        slot.started = now;
        slot.is_ending = false;
    } catch (const std::exception& error) {
        log_.error("worker_not_started", {{"slot", slot.slot.name}, {"error", error.what()}});
        slot.last_exit = "could not be started";
        slot.next_start = now + slot.back_off.next(chance());
    }
}

void Supervisor::end_if_hung(Slot& slot, Milliseconds now) {
    const WorkerHealth::Verdict verdict = slot.worker->health().verdict(now);
    const bool is_hung = verdict != WorkerHealth::Verdict::healthy;
    if (slot.is_ending || (!is_hung && !is_drain_over(now))) return;
    slot.is_ending = true;
    slot.worker->kill();
    if (!is_hung) return;
    log_.error("worker_hung", {{"worker", slot.worker->worker_id()},
                               {"task_id", slot.worker->health().task_id()},
                               {"reason", describe(verdict)}});
}

void Supervisor::handle_exit(Slot& slot, const ExitStatus& status, Milliseconds now) {
    slot.last_exit = to_string(status);
    log_.write(status.is_success() ? LogLevel::info : LogLevel::error, "worker_ended",
               {{"worker", slot.worker->worker_id()},
                {"task_id", slot.worker->health().task_id()},
                {"status", slot.last_exit}});
    dead_workers_.push_back(slot.worker->worker_id());
    schedule_restart(slot, status, now);
    slot.worker.reset();
}

void Supervisor::schedule_restart(Slot& slot, const ExitStatus& status, Milliseconds now) {
    const bool was_healthy =
        slot.worker->health().tasks_ended() > 0 || now - slot.started >= options_.healthy_after;
    if (was_healthy) slot.back_off.reset();
    if (!status.is_success()) ++slot.restarts;
    const bool is_exchange = status.is_success() && was_healthy;
    slot.next_start = is_exchange ? now : now + slot.back_off.next(chance());
}

// At once, or as soon as the store answers again.
void Supervisor::give_back_tasks() {
    while (!dead_workers_.empty()) {
        try {
            give_back(dead_workers_.back());
        } catch (const std::exception& error) {
            if (give_back_failures_.count_failure(clock_.monotonic()))
                log_.error("task_not_given_back", {{"worker", dead_workers_.back()},
                                                   {"tries", give_back_failures_.failures()},
                                                   {"error", error.what()}});
            return;
        }
        give_back_failures_.reset();
        dead_workers_.pop_back();
    }
}

void Supervisor::give_back(const std::string& worker_id) {
    // Ended by us, on the way out: no fault of its task.
    if (kill_deadline_) {
        release_held(store_, [&](const std::string& worker) { return worker == worker_id; });
        return;
    }
    const auto given_back = store_.give_back(worker_id, options_.max_attempts, options_.task_back_off);
    if (!given_back) return;
    log_.warning("task_given_back", {{"task_id", given_back->task_id},
                                     {"worker", worker_id},
                                     {"outcome", to_string(given_back->outcome)}});
}

void Supervisor::reap(Milliseconds now) {
    if (now < next_reap_) return;
    next_reap_ = now + options_.reap_interval;
    try {
        for (const tasks::Reaped& reaped : store_.reap(options_.max_attempts, options_.task_back_off))
            log_.warning("lease_expired",
                         {{"task_id", reaped.task_id}, {"outcome", to_string(reaped.outcome)}});
        refuse_oversized();
        reap_failures_.reset();
    } catch (const std::exception& error) {
        if (reap_failures_.count_failure(now))
            log_.warning("reap_failed", {{"tries", reap_failures_.failures()}, {"error", error.what()}});
    }
}

void Supervisor::refuse_oversized() {
    const auto largest = make_status().largest_device();
    if (!largest || kill_deadline_) return;
    const std::string worker_id = options_.node + "/supervisor/" + make_random_hex(8);
    const int failed = fail_oversized(store_, worker_id, options_.silence_timeout, *largest);
    if (failed > 0) log_.warning("tasks_fit_no_device", {{"count", failed}, {"largest_bytes", *largest}});
}

WorkerStatus Supervisor::make_status() const {
    WorkerStatus status;
    for (const Slot& slot : slots_)
        status.slots.push_back({.name = slot.slot.name,
                                .device = slot.slot.device,
                                .is_alive = slot.worker != nullptr,
                                .pid = slot.worker ? slot.worker->pid() : 0,
                                .is_busy = slot.worker && slot.worker->health().is_busy(),
                                .task_id = slot.worker ? slot.worker->health().task_id() : "",
                                .restarts = slot.restarts,
                                .last_exit = slot.last_exit,
                                .model = slot.worker ? slot.worker->health().model() : "",
                                .memory = slot.memory});
    return status;
}

void Supervisor::publish_status() {
    WorkerStatus status = make_status();
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
}

bool Supervisor::is_done() const {
    return kill_deadline_ && std::ranges::all_of(slots_, [](const Slot& slot) { return !slot.worker; }) &&
           (dead_workers_.empty() || give_back_failures_.failures() > 0);
}

bool Supervisor::is_drain_over(Milliseconds now) const {
    return kill_deadline_ && now >= *kill_deadline_;
}

}  // namespace msst::supervisor
