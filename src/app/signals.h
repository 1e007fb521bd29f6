#pragma once

namespace msst::app {

// SIGTERM and SIGINT as a question somebody asks, instead of an interruption.
//
// Construct it in main before any thread starts: the signals are blocked from
// there on in every thread, and wait() is the only place that takes them.
class TerminationSignals {
public:
    TerminationSignals();

    // Blocks until one arrives and returns it.
    int wait() const;
};

}  // namespace msst::app
