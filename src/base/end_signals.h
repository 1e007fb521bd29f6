#pragma once

#include "base/child_process.h"

namespace msst {

// SIGTERM and SIGINT as bytes that can be read from a descriptor, one per signal, for as long as this lives;
// at most one at a time does. SIGPIPE and SIGXFSZ are ignored from then on: the call that caused them says
// what is wrong.
class EndSignals {
public:
    EndSignals();
    ~EndSignals();
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;

    // Readable (poll) after a signal; non-blocking.
    int descriptor() const { return pipe_.reader.get(); }

    // How many signals came since the last call.
    int take();

private:
    Pipe pipe_;
};

}  // namespace msst
