#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/end_signals.h"
#include "base/files.h"
#include "base/line_buffer.h"
#include "tasks/worker_messages.h"

namespace msst::worker {

// The worker's ear and mouth: its socket with the supervisor, and SIGTERM. A
// thread of its own listens, and says every second that the worker lives.
//
// When the supervisor is gone the worker has no reason to live either: it drains
// at once, and if that takes too long the process ends.
class ControlLink {
public:
    // socket: none if an operator started the worker. drain: how long a task may go on after SIGTERM.
    ControlLink(UniqueFd socket, Milliseconds drain, const Clock& clock);
    ~ControlLink();
    ControlLink(const ControlLink&) = delete;
    ControlLink& operator=(const ControlLink&) = delete;

    // Thread-safe, never waits, never throws; a message that finds no room is dropped.
    void say(const tasks::WorkerMessage& message) const;

    // Returns after `timeout`, or earlier if there may be a task or the worker is to drain.
    void wait_for_work(Milliseconds timeout);

    // Monotonic; by then the worker has given its task back. None: it goes on.
    std::optional<Milliseconds> drain_deadline() const;

private:
    void listen();
    void read_socket();
    void handle(const tasks::SupervisorMessage& message);
    void handle_supervisor_gone();
    void start_drain(Milliseconds limit);

    UniqueFd socket_;
    Milliseconds drain_;
    const Clock& clock_;
    EndSignals signals_;
    Pipe stop_;
    LineBuffer lines_;
    std::optional<Milliseconds> exit_deadline_;  // of the listening thread only

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_woken_ = false;                       // guarded by mutex_
    std::optional<Milliseconds> drain_deadline_;  // guarded by mutex_

    std::thread thread_;
};

}  // namespace msst::worker
