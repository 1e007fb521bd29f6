#pragma once

#include <cstdlib>
#include <functional>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace msst::store::testing {

// A forked process that runs `work` and ends without running anybody's destructors. Fork before threads
// start.
class ChildProcess {
public:
    explicit ChildProcess(const std::function<void()>& work) : pid_(fork()) {
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed at its time limit leaves nobody behind
        int code = 1;
        try {
            work();
            code = 0;
        } catch (...) {
        }
        _exit(code);
    }
    ~ChildProcess() {
        if (pid_ > 0) kill_and_wait();
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    void kill_and_wait() {
        ::kill(pid_, SIGKILL);
        wait();
    }

    // The status as waitpid gives it.
    int wait() {
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

// Holds a forked process up until the other one lets it through; made before the fork.
class Gate {
public:
    Gate() {
        if (pipe(pipe_) != 0) std::abort();
    }
    ~Gate() {
        for (const int end : pipe_) close(end);
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    void open() {
        if (write(pipe_[1], "x", 1) != 1) std::abort();
    }
    void wait() {
        char byte = 0;
        if (read(pipe_[0], &byte, 1) != 1) std::abort();
    }

private:
    int pipe_[2];
};

inline bool died_of(int status, int signal) {
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

}  // namespace msst::store::testing
