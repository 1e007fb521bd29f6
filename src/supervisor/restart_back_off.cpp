#include "supervisor/restart_back_off.h"

#include <algorithm>
#include <cmath>

namespace msst::supervisor {
namespace {

constexpr int kMaxDoublings = 30;

}  // namespace

Milliseconds RestartBackOff::next(double chance) {
    const double step = std::min(static_cast<double>(longest_.count()),
                                 std::ldexp(static_cast<double>(shortest_.count()), failures_));
    failures_ = std::min(failures_ + 1, kMaxDoublings);
    return Milliseconds(std::llround(step * (0.75 + 0.5 * chance)));
}

}  // namespace msst::supervisor
