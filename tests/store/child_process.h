#pragma once

#include <functional>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace msst::store::testing {

// A forked process that runs `work` and ends without running anybody's destructors. Fork before threads
// start.
class ChildProcess {
public:
    explicit ChildProcess(const std::function<void()>& work) : pid_(fork()) {
        if (pid_ != 0) return;
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

inline bool died_of(int status, int signal) {
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

}  // namespace msst::store::testing
