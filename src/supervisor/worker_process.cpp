#include "supervisor/worker_process.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace msst::supervisor {
namespace {

constexpr size_t kMaxReportBytes = 256;
constexpr int kMaxReadsAtOnce = 16;  // others want to be heard too

// Starts the process and keeps our ends of socket and pipe.
ChildProcess start_worker(const WorkerCommand& command, UniqueFd& socket, UniqueFd& output) {
    SocketPair sockets = make_socket_pair();
    Pipe pipe = make_pipe();
    for (const int fd : {sockets.ours.get(), pipe.reader.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    std::vector<int> descriptors = {sockets.theirs.get()};
    descriptors.insert(descriptors.end(), command.descriptors.begin(), command.descriptors.end());
    ChildProcess child = ChildProcess::start({.program = command.program,
                                              .arguments = command.arguments,
                                              .environment = command.environment,
                                              .standard_output = pipe.writer.get(),
                                              .standard_error = pipe.writer.get(),
                                              .descriptors = std::move(descriptors)});
    socket = std::move(sockets.ours);
    output = std::move(pipe.reader);
    return child;
}

}  // namespace

WorkerProcess::WorkerProcess(Identity identity, const WorkerCommand& command, WorkerHealth health, Log& log)
    : identity_(std::move(identity)),
      health_(std::move(health)),
      lines_(kMaxReportBytes),
      log_(identity_.slot, log),
      child_(start_worker(command, socket_, output_)) {}

void WorkerProcess::read(Milliseconds now) {
    for (int i = 0; i < kMaxReadsAtOnce && read_socket(now); ++i) {
    }
    for (int i = 0; i < kMaxReadsAtOnce && read_output(); ++i) {
    }
}

// False: there is nothing more for now, or ever.
bool WorkerProcess::read_socket(Milliseconds now) {
    if (!socket_) return false;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) socket_.reset();
    if (count <= 0) return false;
    for (const std::string& line : lines_.push({bytes.data(), static_cast<size_t>(count)}))
        if (const auto message = tasks::parse_worker_message(line)) health_.hear(*message, now);
    return true;
}

bool WorkerProcess::read_output() {
    if (!output_) return false;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(output_.get(), bytes.data(), bytes.size());
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) output_.reset();
    if (count <= 0) return false;
    log_.push({bytes.data(), static_cast<size_t>(count)});
    return true;
}

void WorkerProcess::say(const tasks::SupervisorMessage& message) const {
    if (!socket_) return;
    const std::string line = to_line(message);
    [[maybe_unused]] const ssize_t ignored =
        ::send(socket_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::optional<ExitStatus> WorkerProcess::find_exit(Milliseconds now) {
    const auto status = child_.find_exit();
    if (!status) return std::nullopt;
    // Its end of both is closed, so that what is left is finite.
    while (read_socket(now)) {
    }
    while (read_output()) {
    }
    log_.finish();
    return status;
}

}  // namespace msst::supervisor
