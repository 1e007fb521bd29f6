#include "worker/control_link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace msst::worker {
namespace {

constexpr Milliseconds kHeartbeat{1'000};
// From the end of the supervisor to the end of a worker that cannot stop its task.
constexpr Milliseconds kOrphanPatience{3'000};
constexpr int kOrphanExit = 11;
constexpr size_t kMaxLineBytes = 256;

}  // namespace

ControlLink::ControlLink(UniqueFd socket, Milliseconds drain, const Clock& clock)
    : socket_(std::move(socket)),
      drain_(drain),
      clock_(clock),
      stop_(make_pipe()),
      lines_(kMaxLineBytes),
      thread_([this] { listen(); }) {}

ControlLink::~ControlLink() {
    stop_.writer.reset();
    thread_.join();
}

void ControlLink::say(const tasks::WorkerMessage& message) const {
    if (!socket_) return;
    const std::string line = to_line(message);
    [[maybe_unused]] const ssize_t ignored =
        ::send(socket_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ControlLink::wait_for_work(Milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return is_woken_ || drain_deadline_; });
    is_woken_ = false;
}

std::optional<Milliseconds> ControlLink::drain_deadline() const {
    const std::lock_guard lock(mutex_);
    return drain_deadline_;
}

void ControlLink::listen() {
    while (true) {
        // poll passes over what is not there (-1), such as a socket whose other end is closed.
        std::array<pollfd, 3> watched = {
            pollfd{.fd = exit_deadline_ ? -1 : socket_.get(), .events = POLLIN, .revents = 0},
            pollfd{.fd = signals_.descriptor(), .events = POLLIN, .revents = 0},
            pollfd{.fd = stop_.reader.get(), .events = POLLIN, .revents = 0}};
        ::poll(watched.data(), watched.size(), static_cast<int>(kHeartbeat.count()));
        if (watched[2].revents != 0) return;
        if (watched[1].revents != 0 && signals_.take() > 0) start_drain(drain_);
        if (watched[0].revents != 0) read_socket();
        if (exit_deadline_ && clock_.monotonic() >= *exit_deadline_) ::_exit(kOrphanExit);
        say({.kind = tasks::WorkerMessage::Kind::alive});
    }
}

void ControlLink::read_socket() {
    std::array<char, 1024> bytes{};
    // NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): it had something to read, so it is open
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return handle_supervisor_gone();
    for (const std::string& line : lines_.push({bytes.data(), static_cast<size_t>(count)}))
        if (const auto message = tasks::parse_supervisor_message(line)) handle(*message);
}

void ControlLink::handle(const tasks::SupervisorMessage& message) {
    if (message.kind == tasks::SupervisorMessage::Kind::drain) return start_drain(message.limit);
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    changed_.notify_all();
}

void ControlLink::handle_supervisor_gone() {
    exit_deadline_ = clock_.monotonic() + kOrphanPatience;
    start_drain(Milliseconds(0));
}

void ControlLink::start_drain(Milliseconds limit) {
    const Milliseconds deadline = clock_.monotonic() + limit;
    const std::lock_guard lock(mutex_);
    drain_deadline_ = std::min(deadline, drain_deadline_.value_or(deadline));
    changed_.notify_all();
}

}  // namespace msst::worker
