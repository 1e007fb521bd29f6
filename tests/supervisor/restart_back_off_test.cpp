#include "supervisor/restart_back_off.h"

#include <gtest/gtest.h>

namespace msst::supervisor {
namespace {

using namespace std::chrono_literals;

TEST(RestartBackOff, DoublesUpToItsLimit) {
    RestartBackOff back_off(100ms, 1s);
    std::vector<Milliseconds> steps;
    for (int i = 0; i < 6; ++i) steps.push_back(back_off.next(/*chance=*/0.5));

    EXPECT_EQ(steps, (std::vector<Milliseconds>{100ms, 200ms, 400ms, 800ms, 1s, 1s}));
}

TEST(RestartBackOff, StaysAtItsLimitForEver) {
    RestartBackOff back_off(100ms, 30s);
    for (int i = 0; i < 5'000; ++i) back_off.next(0.5);

    EXPECT_EQ(back_off.next(0.5), 30s);
}

TEST(RestartBackOff, StartsAgainAfterGoodHealth) {
    RestartBackOff back_off(100ms, 1s);
    back_off.next(0.5);
    back_off.next(0.5);
    back_off.reset();

    EXPECT_EQ(back_off.next(0.5), 100ms);
}

TEST(RestartBackOff, VariesByAQuarter) {
    EXPECT_EQ(RestartBackOff(100ms, 1s).next(/*chance=*/0), 75ms);
    EXPECT_EQ(RestartBackOff(100ms, 1s).next(/*chance=*/1), 125ms);
}

}  // namespace
}  // namespace msst::supervisor
