#pragma once

#include <atomic>

#include "base/clock.h"

namespace msst::testing {

// A clock whose hands only the test moves. Thread-safe.
class FakeClock final : public Clock {
public:
    Timestamp now() const override { return Timestamp(Milliseconds(wall_.load())); }
    Milliseconds monotonic() const override { return Milliseconds(monotonic_.load()); }

    // Time passes.
    void advance(Milliseconds step) {
        wall_ += step.count();
        monotonic_ += step.count();
    }
    // Somebody sets the wall clock.
    void set_wall(Timestamp time) { wall_ = time.time_since_epoch().count(); }

private:
    std::atomic<int64_t> wall_{1'768'473'000'000};  // 2026-01-15T10:30:00Z
    std::atomic<int64_t> monotonic_{1'000'000};
};

}  // namespace msst::testing
