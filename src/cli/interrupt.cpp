#include "cli/interrupt.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/wiring.h"

namespace msst::cli {

Interrupt::Interrupt() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &watched, &former_mask_);
    signals_ = UniqueFd(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    finish_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    if (!signals_ || !finish_) throw_errno("cannot watch for", "signals");
    thread_ = std::thread([this] { watch(); });
}

Interrupt::~Interrupt() {
    const uint64_t one = 1;
    while (::write(finish_.get(), &one, sizeof(one)) < 0 && errno == EINTR) continue;
    thread_.join();
    // What arrived meanwhile must not kill the process when the signals are let in again.
    signalfd_siginfo ignored{};
    while (::read(signals_.get(), &ignored, sizeof(ignored)) > 0) continue;
    pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

void Interrupt::watch() {
    std::array<pollfd, 2> waited = {pollfd{signals_.get(), POLLIN, 0}, pollfd{finish_.get(), POLLIN, 0}};
    while (true) {
        if (::poll(waited.data(), waited.size(), /*timeout_ms=*/-1) < 0 && errno != EINTR) return;
        if (waited[1].revents != 0) return;
        signalfd_siginfo signal{};
        if (::read(signals_.get(), &signal, sizeof(signal)) != sizeof(signal)) continue;
        if (!source_.request_stop()) ::_exit(kInterrupted);
    }
}

}  // namespace msst::cli
