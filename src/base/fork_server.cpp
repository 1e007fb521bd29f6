#include "base/fork_server.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptor_passing.h"
#include "base/error.h"

namespace msst {
namespace {

constexpr std::string_view kSignal = "ended: signal ";
constexpr std::string_view kCode = " code ";

sigset_t end_of_a_child() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    return signals;
}

// A client that reads nothing gets nothing.
void say(int socket, const std::string& line) {
    ::send(socket, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::string end_line(int status) {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return std::string(kSignal) + std::to_string(signal) + std::string(kCode) + std::to_string(code) + "\n";
}

// Takes `word` and the number behind it from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) return std::nullopt;
    text.remove_prefix(word.size());
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return number;
}

class Forker {
public:
    Forker(int socket, const std::function<int(int)>& work) : socket_(socket), work_(work) {
        const sigset_t ends = end_of_a_child();
        sigprocmask(SIG_BLOCK, &ends, nullptr);
        ends_ = UniqueFd(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
        check(ends_.get() >= 0, "a fork server cannot watch its children");
    }

    void run() {
        while (true) {
            std::vector<pollfd> watched = {{socket_, POLLIN, 0}, {ends_.get(), POLLIN, 0}};
            for (const Child& child : children_) watched.push_back({child.socket.get(), 0, 0});
            if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
            for (size_t i = 0; i < children_.size(); ++i)
                if (watched[i + 2].revents & POLLHUP) kill(children_[i]);
            if (watched[1].revents != 0) bury();
            if (watched[0].revents != 0) {
                UniqueFd socket = receive_descriptor(socket_);
                if (!socket) return;
                fork_child(std::move(socket));
            }
        }
    }

private:
    struct Child {
        pid_t pid;
        UniqueFd socket;  // the child's, for its last word
    };

    void fork_child(UniqueFd socket) {
        const pid_t server = ::getpid();
        const pid_t pid = ::fork();
        if (pid == 0) become_child(server, socket.get());
        if (pid > 0)
            children_.push_back({pid, std::move(socket)});
        else
            say(socket.get(), std::string("cannot fork: ") + std::strerror(errno) + "\n");
    }

    // Nothing of the other children, and nothing by which the server is reached.
    [[noreturn]] void become_child(pid_t server, int socket) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != server) ::_exit(0);
        const sigset_t ends = end_of_a_child();
        sigprocmask(SIG_UNBLOCK, &ends, nullptr);
        children_.clear();
        ends_.reset();
        ::close(socket_);
        ::_exit(work_(socket));
    }

    static void kill(Child& child) {
        ::kill(child.pid, SIGKILL);
        child.socket.reset();  // nobody listens
    }

    void bury() {
        signalfd_siginfo ignored;
        while (::read(ends_.get(), &ignored, sizeof ignored) > 0) {
        }
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            const auto child = std::ranges::find(children_, pid, &Child::pid);
            if (child == children_.end()) continue;
            say(child->socket.get(), end_line(status));
            children_.erase(child);
        }
    }

    int socket_;
    const std::function<int(int)>& work_;
    UniqueFd ends_;  // readable when a child has ended
    std::vector<Child> children_;
};

ChildProcess start(ChildOptions options, SocketPair& sockets) {
    options.descriptors = {sockets.theirs.get()};
    ChildProcess process = ChildProcess::start(options);
    sockets.theirs.reset();
    return process;
}

}  // namespace

void run_fork_server(int socket, const std::function<int(int)>& work) {
    Forker(socket, work).run();
}

std::optional<ExitStatus> parse_end(std::string_view line) {
    const auto signal = take_number(line, kSignal);
    const auto code = take_number(line, kCode);
    if (!signal || !code || !line.empty()) return std::nullopt;
    return ExitStatus{.code = *code, .signal = *signal};
}

ForkServer::ForkServer(ChildOptions options)
    : sockets_(make_socket_pair()), process_(start(std::move(options), sockets_)) {}

UniqueFd ForkServer::start_child() {
    SocketPair child = make_socket_pair();
    send_descriptor(sockets_.ours.get(), child.theirs.get());
    return std::move(child.ours);
}

}  // namespace msst
