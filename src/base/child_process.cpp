#include "base/child_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace msst {
namespace {

constexpr int kExecFailed = 127;

[[noreturn]] void throw_system(const std::string& what) {
    throw Error(ErrorCode::unavailable, what + ": " + std::strerror(errno));
}

// glibc 2.36 declares these two without C linkage.
int open_pidfd(pid_t pid) {
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

void send_pidfd_signal(int pidfd, int signal) {
    ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> merge_environment(const ChildOptions& options) {
    const std::vector<std::string>& given = options.environment;
    std::vector<std::string> merged = given;
    if (!options.inherits_environment) return merged;
    const auto is_given = [&](std::string_view entry) {
        const std::string_view name = entry.substr(0, entry.find('=') + 1);
        return std::ranges::any_of(given, [&](const std::string& text) { return text.starts_with(name); });
    };
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        if (!is_given(*entry)) merged.emplace_back(*entry);
    return merged;
}

// Everything the child needs between fork and exec, made before the fork: after it only async-signal-safe
// calls are allowed, since another thread may have held any lock.
struct ChildPlan {
    const char* program = nullptr;
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
    std::vector<int> descriptors;  // the child's 0, 1, 2 …
    std::vector<int> moved;        // room for copies of them
    int failure_pipe = -1;         // gets errno if the program cannot be started
    pid_t parent = -1;
    bool dies_with_parent = true;
    bool has_own_group = true;
};

[[noreturn]] void report_failure(int failure_pipe) {
    const int code = errno;
    [[maybe_unused]] const ssize_t ignored = ::write(failure_pipe, &code, sizeof code);
    ::_exit(kExecFailed);
}

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

// First away from the low numbers, so that no copy overwrites one that is still to be copied.
void place_descriptors(ChildPlan& plan) {
    const int first_free = static_cast<int>(plan.descriptors.size()) + 1;
    plan.failure_pipe = ::fcntl(plan.failure_pipe, F_DUPFD_CLOEXEC, first_free);
    for (size_t i = 0; i < plan.descriptors.size(); ++i) {
        plan.moved[i] = ::fcntl(plan.descriptors[i], F_DUPFD_CLOEXEC, first_free);
        if (plan.moved[i] < 0) report_failure(plan.failure_pipe);
    }
    for (size_t i = 0; i < plan.moved.size(); ++i)
        if (::dup2(plan.moved[i], static_cast<int>(i)) < 0) report_failure(plan.failure_pipe);
    // Libraries open some without CLOEXEC. Kernels before 5.11 do not know this; then those leak, ours do
    // not.
    ::close_range(first_free - 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

[[noreturn]] void become_program(ChildPlan& plan) {
    if (plan.has_own_group) ::setpgid(0, 0);
    if (plan.dies_with_parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        // Too late for the signal if the parent is gone already.
        if (::getppid() != plan.parent) ::_exit(kExecFailed);
    }
    place_descriptors(plan);
    reset_signals();
    ::execve(plan.program, plan.arguments, plan.environment);
    report_failure(plan.failure_pipe);
}

// The handlers of this process must not run in the child before it has become another program.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

pid_t fork_into(ChildPlan& plan) {
    const AllSignalsBlocked guard;
    const pid_t pid = ::fork();
    if (pid == 0) become_program(plan);
    return pid;
}

// 0: the program runs; else why not.
int read_failure(int pipe) {
    int code = 0;
    ssize_t got = 0;
    do got = ::read(pipe, &code, sizeof code);
    while (got < 0 && errno == EINTR);
    return got == sizeof code ? code : 0;
}

}  // namespace

std::string to_string(const ExitStatus& status) {
    if (status.signal == 0) return "exited with status " + std::to_string(status.code);
    const char* name = sigdescr_np(status.signal);
    return "was killed by signal " + std::to_string(status.signal) + " (" +
           (name != nullptr ? name : "unknown") + ")";
}

ChildProcess ChildProcess::start(const ChildOptions& options) {
    std::vector<std::string> arguments = options.arguments;
    arguments.insert(arguments.begin(), options.program.string());
    std::vector<std::string> environment = merge_environment(options);
    const std::vector<char*> argument_pointers = pointers_to(arguments);
    const std::vector<char*> environment_pointers = pointers_to(environment);

    const UniqueFd null = open_file("/dev/null", O_RDWR);
    Pipe failure = make_pipe();
    ChildPlan plan{.program = options.program.c_str(),
                   .arguments = argument_pointers.data(),
                   .environment = environment_pointers.data(),
                   .descriptors = {options.standard_input, options.standard_output, options.standard_error},
                   .moved = {},
                   .failure_pipe = failure.writer.get(),
                   .parent = ::getpid(),
                   .dies_with_parent = options.dies_with_parent,
                   .has_own_group = options.has_own_group};
    plan.descriptors.insert(plan.descriptors.end(), options.descriptors.begin(), options.descriptors.end());
    std::ranges::replace(plan.descriptors, -1, null.get());
    plan.moved.resize(plan.descriptors.size(), -1);

    const pid_t pid = fork_into(plan);
    if (pid < 0) throw_system("cannot start " + options.program.string());
    // Until this object has waited for it, the number cannot name another process.
    ChildProcess child(pid, UniqueFd(open_pidfd(pid)));
    failure.writer.reset();
    if (const int code = read_failure(failure.reader.get()); code != 0) {
        errno = code;
        throw_system("cannot start " + options.program.string());
    }
    return child;
}

ChildProcess::ChildProcess(pid_t pid, UniqueFd exit_descriptor)
    : pid_(pid), exit_descriptor_(std::move(exit_descriptor)) {
    if (exit_descriptor_) return;
    const int code = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    errno = code;
    throw_system("cannot watch a child process");
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this == &other) return *this;
    end();
    pid_ = other.pid_;
    exit_descriptor_ = UniqueFd(other.exit_descriptor_.release());
    status_ = other.status_;
    return *this;
}

ChildProcess::~ChildProcess() {
    end();
}

void ChildProcess::end() noexcept {
    if (!exit_descriptor_) return;
    if (!status_) {
        send_signal(SIGKILL);
        siginfo_t facts{};
        while (::waitid(P_PIDFD, exit_descriptor_.get(), &facts, WEXITED) != 0 && errno == EINTR) {
        }
    }
    exit_descriptor_.reset();
}

std::optional<ExitStatus> ChildProcess::find_exit() {
    return wait_for(Milliseconds(0));
}

std::optional<ExitStatus> ChildProcess::wait_for(Milliseconds timeout) {
    const auto deadline = SystemClock().monotonic() + timeout;
    while (!status_) {
        const auto left = std::max(deadline - SystemClock().monotonic(), Milliseconds(0));
        pollfd ended{.fd = exit_descriptor_.get(), .events = POLLIN, .revents = 0};
        const int ready = ::poll(&ended, 1, static_cast<int>(std::min<int64_t>(left.count(), 1'000'000)));
        if (ready > 0)
            wait();
        else if (ready == 0 && left.count() == 0)
            return std::nullopt;
    }
    return status_;
}

ExitStatus ChildProcess::wait() {
    while (!status_) {
        siginfo_t facts{};
        if (::waitid(P_PIDFD, exit_descriptor_.get(), &facts, WEXITED) == 0)
            status_ = facts.si_code == CLD_EXITED ? ExitStatus{.code = facts.si_status, .signal = 0}
                                                  : ExitStatus{.code = 0, .signal = facts.si_status};
        else if (errno != EINTR)
            throw_system("cannot wait for process " + std::to_string(pid_));
    }
    return *status_;
}

void ChildProcess::send_signal(int signal) const {
    if (!status_) send_pidfd_signal(exit_descriptor_.get(), signal);
}

SocketPair make_socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw_system("cannot make a pair of sockets");
    return {.ours = UniqueFd(ends[0]), .theirs = UniqueFd(ends[1])};
}

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system("cannot make a pipe");
    return {.reader = UniqueFd(ends[0]), .writer = UniqueFd(ends[1])};
}

}  // namespace msst
