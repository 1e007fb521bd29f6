#include "audio/timeline.h"

#include <algorithm>

namespace msst::audio {

int64_t Timeline::place(std::optional<int64_t> clock, int64_t frames) {
    // Hostile clocks stay far from overflow.
    constexpr int64_t kMost = int64_t{1} << 60;
    int64_t missing = 0;
    if (clock && *clock > -kMost && *clock < kMost) {
        if (!offset_) offset_ = *clock - given_;
        const int64_t step = *clock - *offset_ - given_;
        const int64_t room = length_ ? std::max<int64_t>(0, *length_ - given_ - frames) : 0;
        if (step > slack_) missing = std::min(step, room);
        if (step > slack_ || step < -slack_) offset_ = *clock - given_ - missing;
    }
    given_ += missing + frames;
    return missing;
}

}  // namespace msst::audio
