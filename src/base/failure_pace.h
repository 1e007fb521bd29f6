#pragma once

#include <cstdint>

#include "base/clock.h"

namespace msst {

// When to speak of something that is tried again and again and keeps failing: at the `first` failure in a
// row, then after pauses that double, from a second up to a minute. Whoever repeats in silence leaves an
// administrator without a trace, whoever speaks every time leaves him without the rest of the log. Not
// thread-safe.
class FailurePace {
public:
    explicit FailurePace(int64_t first = 1) : first_(first) {}

    // One more failure; now: monotonic. True: it is time to speak of it.
    bool count_failure(Milliseconds now);

    // In a row, so far.
    int64_t failures() const { return failures_; }

    // It worked.
    void reset();

private:
    int64_t first_;
    int64_t failures_ = 0;
    Milliseconds pause_{0};
    Milliseconds next_{0};  // monotonic; once something was said
};

}  // namespace msst
