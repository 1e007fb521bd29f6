#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/log.h"
#include "supervisor/worker_health.h"
#include "supervisor/worker_output.h"
#include "tasks/worker_messages.h"

namespace msst::supervisor {

// One worker at a time per device.
struct WorkerSlot {
    std::string name;            // "cpu-0": letters, digits and '-'
    std::string device;          // as the configuration names it: "cpu", "cuda:0"
    bool shares_device = false;  // other slots have the same
};

// The command line of a worker. Its descriptor tasks::kControlDescriptor is the socket, what it prints is
// logged.
struct WorkerCommand {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::vector<std::string> environment = {};  // "NAME=value", beside what is inherited
    std::vector<int> descriptors = {};          // that become its 4, 5 …; the caller's
};

// One worker process from start to end.
class WorkerProcess {
public:
    struct Identity {
        std::string worker_id;
        std::string slot;
    };

    // Throws Error(unavailable) if it cannot be started.
    WorkerProcess(Identity identity, const WorkerCommand& command, WorkerHealth health, Log& log);

    const std::string& worker_id() const { return identity_.worker_id; }
    pid_t pid() const { return child_.pid(); }
    const WorkerHealth& health() const { return health_; }

    // To poll for reading.
    int exit_descriptor() const { return child_.exit_descriptor(); }
    int socket() const { return socket_.get(); }
    int output() const { return output_.get(); }

    // Takes what has arrived, without waiting.
    void read(Milliseconds now);

    // Never waits; what finds no room is dropped.
    void say(const tasks::SupervisorMessage& message) const;

    void kill() const { child_.send_signal(SIGKILL); }

    // None: it runs. After the end everything it said has been read.
    std::optional<ExitStatus> find_exit(Milliseconds now);

private:
    bool read_socket(Milliseconds now);
    bool read_output();

    Identity identity_;
    WorkerHealth health_;
    UniqueFd socket_;
    UniqueFd output_;
    LineBuffer lines_;
    WorkerOutput log_;
    ChildProcess child_;
};

}  // namespace msst::supervisor
