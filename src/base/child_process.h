#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/files.h"

// Child processes with an owner: none outlives its object or, if so asked, the
// thread that started it, and none is left as a zombie.

namespace msst {

// How a process ended: by itself with `code`, or by `signal`.
struct ExitStatus {
    int code = 0;
    int signal = 0;  // 0: by itself

    bool is_success() const { return code == 0 && signal == 0; }
};

// "exited with status 3", "was killed by signal 9 (Killed)"
std::string to_string(const ExitStatus& status);

struct ChildOptions {
    std::filesystem::path program;
    std::vector<std::string> arguments = {};    // after the program's name
    std::vector<std::string> environment = {};  // "NAME=value"; replaces what is inherited under that name
    bool inherits_environment = true;

    // Descriptors of ours that become the child's; -1 is /dev/null. Nothing else is inherited.
    int standard_input = -1;
    int standard_output = -1;
    int standard_error = 2;
    std::vector<int> descriptors = {};  // the child's 3, 4, …

    // SIGKILL for the child when the *thread* that starts it ends, however that comes about.
    bool dies_with_parent = true;
    // A process group of its own, so that a Ctrl-C in the terminal reaches only us.
    bool has_own_group = true;
};

class ChildProcess {
public:
    // Signal handlers, ignored signals and the signal mask are not inherited. Throws Error(unavailable) if
    // the program cannot be started, with the system's reason.
    static ChildProcess start(const ChildOptions& options);

    ChildProcess(ChildProcess&&) noexcept = default;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    // SIGKILL, if it still runs, and waits until it is gone.
    ~ChildProcess();

    pid_t pid() const { return pid_; }

    // Readable (poll) once the process has ended.
    int exit_descriptor() const { return exit_descriptor_.get(); }

    // None: it still runs.
    std::optional<ExitStatus> find_exit();
    std::optional<ExitStatus> wait_for(Milliseconds timeout);
    ExitStatus wait();

    // Nothing happens once it has ended: a signal never reaches another process.
    void send_signal(int signal) const;

private:
    ChildProcess(pid_t pid, UniqueFd exit_descriptor);
    void end() noexcept;

    pid_t pid_ = -1;
    UniqueFd exit_descriptor_;  // a pidfd
    std::optional<ExitStatus> status_;
};

// Two connected stream sockets, closed on exec.
struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;
};
SocketPair make_socket_pair();

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};
Pipe make_pipe();

}  // namespace msst
