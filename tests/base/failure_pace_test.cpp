#include "base/failure_pace.h"

#include <vector>

#include <gtest/gtest.h>

namespace msst {
namespace {

using namespace std::chrono_literals;

// At which seconds of `minutes` it speaks, of a failure every 100 ms.
std::vector<int64_t> spoken_seconds(FailurePace& pace, int minutes) {
    std::vector<int64_t> spoken;
    for (Milliseconds now{0}; now < std::chrono::minutes(minutes); now += 100ms)
        if (pace.count_failure(now)) spoken.push_back(now / 1s);
    return spoken;
}

TEST(FailurePace, SpeaksAtOnceAndThenLessAndLessOften) {
    FailurePace pace;
    EXPECT_EQ(spoken_seconds(pace, 5), (std::vector<int64_t>{0, 1, 3, 7, 15, 31, 63, 123, 183, 243}));
    EXPECT_EQ(pace.failures(), 3'000);
}

TEST(FailurePace, PassesOverTheFirstFailures) {
    FailurePace pace(11);
    EXPECT_EQ(spoken_seconds(pace, 1), (std::vector<int64_t>{1, 2, 4, 8, 16, 32}));
}

TEST(FailurePace, BeginsAnewAfterASuccess) {
    FailurePace pace(2);
    EXPECT_FALSE(pace.count_failure(0ms));
    EXPECT_TRUE(pace.count_failure(1ms));
    pace.reset();
    EXPECT_EQ(pace.failures(), 0);
    EXPECT_FALSE(pace.count_failure(2ms));
    EXPECT_TRUE(pace.count_failure(3ms));
}

}  // namespace
}  // namespace msst
