#include "supervisor/probe_child.h"

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/descriptor_passing.h"
#include "base/error.h"

namespace msst::supervisor {
namespace {

constexpr size_t kMaxAnswerBytes = 4'096;

}  // namespace

void ProbeChild::await_ready(Milliseconds timeout) {
    const auto line = read_line(SystemClock().monotonic() + timeout);
    if (line == "ready") return;
    throw Error(ErrorCode::unavailable, "the prober's child did not start" + (line ? ": " + *line : ""));
}

std::string ProbeChild::ask(int file, Milliseconds timeout) {
    const Milliseconds deadline = SystemClock().monotonic() + timeout;
    send_descriptor(socket_.get(), file);
    const auto answer = read_line(deadline);
    if (answer) exit_ = parse_end(*answer);
    if (answer && !exit_) return *answer;
    if (is_abandoned_) throw Error(ErrorCode::unavailable, "the prober has ended");
    if (exit_ && exit_->signal == 0 && exit_->code == EX_IOERR)
        throw Error(ErrorCode::unavailable, "the prober's child could not send its answer");
    throw Error(ErrorCode::invalid_input, "the file could not be examined", "invalid_audio");
}

// None: the socket was closed, or brought too much, or nothing until the deadline.
std::optional<std::string> ProbeChild::read_line(Milliseconds deadline) {
    while (received_.size() < kMaxAnswerBytes) {
        if (const size_t end = received_.find('\n'); end != std::string::npos) {
            std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            has_spoken_ = true;
            return line;
        }
        const Milliseconds left = deadline - SystemClock().monotonic();
        pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || (::poll(&readable, 1, static_cast<int>(left.count())) == 0))
            return std::nullopt;
        std::array<char, kMaxAnswerBytes> bytes{};
        const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        is_abandoned_ = count == 0 || (count < 0 && errno == ECONNRESET);
        if (is_abandoned_ || (count < 0 && errno != EAGAIN && errno != EINTR)) return std::nullopt;
        if (count > 0) received_.append(bytes.data(), static_cast<size_t>(count));
    }
    return std::nullopt;
}

}  // namespace msst::supervisor
