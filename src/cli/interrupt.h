#pragma once

#include <stop_token>
#include <thread>

#include <signal.h>

#include "base/files.h"

namespace msst::cli {

// Ctrl-C (and SIGTERM) as a stop token, so that work ends cleanly and leaves no half file; the second one
// ends the process at once, with exit code 130.
//
// Construct it before any other thread starts: the signals are blocked from there on, and one thread waits
// for them. Its end restores what was before.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return source_.get_token(); }

private:
    void watch();

    std::stop_source source_;
    sigset_t former_mask_{};
    UniqueFd signals_;  // signalfd
    UniqueFd finish_;   // eventfd: the end of this object
    std::thread thread_;
};

}  // namespace msst::cli
