#include "supervisor/probe_child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <poll.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/descriptor_passing.h"
#include "base/error.h"

namespace msst::supervisor {
namespace {

constexpr size_t kMaxAnswerBytes = 4'096;

// Nothing of ours for the child but what it needs to find its libraries: keys may lie in the environment.
ChildProcess start_child(const ProbeChild::Command& command, SocketPair& sockets) {
    std::vector<std::string> environment;
    if (const char* path = std::getenv("LD_LIBRARY_PATH"))
        environment.push_back(std::string("LD_LIBRARY_PATH=") + path);
    ChildProcess child = ChildProcess::start({.program = command.program,
                                              .arguments = command.arguments,
                                              .environment = environment,
                                              .inherits_environment = false,
                                              .standard_error = -1,
                                              .descriptors = {sockets.theirs.get()}});
    sockets.theirs.reset();
    return child;
}

// How long a child that has closed its socket may take to be gone.
constexpr Milliseconds kEndPatience{1000};

[[noreturn]] void throw_unreadable() {
    throw Error(ErrorCode::invalid_input, "the file could not be examined", "invalid_audio");
}

}  // namespace

ProbeChild::ProbeChild(const Command& command)
    : sockets_(make_socket_pair()), child_(start_child(command, sockets_)) {}

std::string ProbeChild::ask(int file, Milliseconds timeout) {
    const Milliseconds deadline = SystemClock().monotonic() + timeout;
    if (read_line(deadline) != "ready")
        throw Error(ErrorCode::unavailable, "the prober's child did not start");
    send_descriptor(sockets_.ours.get(), file);
    const auto answer = read_line(deadline);
    if (answer) return *answer;
    const auto exit = child_.wait_for(kEndPatience);
    if (exit && exit->signal == 0 && exit->code == EX_IOERR)
        throw Error(ErrorCode::unavailable, "the prober's child could not send its answer");
    throw_unreadable();
}

// None: it ended, said too much, or nothing until the deadline.
std::optional<std::string> ProbeChild::read_line(Milliseconds deadline) {
    while (received_.size() < kMaxAnswerBytes) {
        if (const size_t end = received_.find('\n'); end != std::string::npos) {
            std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            return line;
        }
        const Milliseconds left = deadline - SystemClock().monotonic();
        pollfd readable{.fd = sockets_.ours.get(), .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || (::poll(&readable, 1, static_cast<int>(left.count())) == 0))
            return std::nullopt;
        std::array<char, kMaxAnswerBytes> bytes{};
        const ssize_t count = ::recv(sockets_.ours.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return std::nullopt;
        if (count > 0) received_.append(bytes.data(), static_cast<size_t>(count));
    }
    return std::nullopt;
}

}  // namespace msst::supervisor
