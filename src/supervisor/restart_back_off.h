#pragma once

#include "base/clock.h"

namespace msst::supervisor {

// How long a worker that failed stays away: twice as long each time, up to a
// limit, and a little by chance, so that workers that fell together do not rise together.
class RestartBackOff {
public:
    RestartBackOff(Milliseconds shortest, Milliseconds longest) : shortest_(shortest), longest_(longest) {}

    // chance: 0-1. The answer lies between 3/4 and 5/4 of the step.
    Milliseconds next(double chance);

    void reset() { failures_ = 0; }

private:
    Milliseconds shortest_;
    Milliseconds longest_;
    int failures_ = 0;  // in a row
};

}  // namespace msst::supervisor
