#include "base/failure_pace.h"

#include <algorithm>

namespace msst {
namespace {

constexpr Milliseconds kShortestPause{1'000};
constexpr Milliseconds kLongestPause{60'000};

}  // namespace

bool FailurePace::count_failure(Milliseconds now) {
    ++failures_;
    const bool is_first = failures_ == first_;
    if (!is_first && (failures_ < first_ || now < next_)) return false;
    pause_ = is_first ? kShortestPause : std::min(2 * pause_, kLongestPause);
    next_ = now + pause_;
    return true;
}

void FailurePace::reset() {
    failures_ = 0;
}

}  // namespace msst
