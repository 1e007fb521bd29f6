#include "base/end_signals.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace msst {
namespace {

// A handler gets no argument to find its object by.
std::atomic<int> signal_pipe = -1;

void write_signal(int) {
    const int code = errno;
    const char byte = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(signal_pipe.load(), &byte, 1);
    errno = code;
}

void handle(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
}

}  // namespace

EndSignals::EndSignals() : pipe_(make_pipe()) {
    check(signal_pipe.exchange(pipe_.writer.get()) < 0, "end signals: somebody else waits for them already");
    for (const int fd : {pipe_.reader.get(), pipe_.writer.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    for (const int signal : {SIGPIPE, SIGXFSZ}) handle(signal, SIG_IGN);
    for (const int signal : {SIGTERM, SIGINT}) handle(signal, write_signal);
}

EndSignals::~EndSignals() {
    for (const int signal : {SIGTERM, SIGINT}) handle(signal, SIG_DFL);
    signal_pipe = -1;
}

int EndSignals::take() {
    std::array<char, 64> bytes{};
    const ssize_t count = ::read(pipe_.reader.get(), bytes.data(), bytes.size());
    return count > 0 ? static_cast<int>(count) : 0;
}

}  // namespace msst
