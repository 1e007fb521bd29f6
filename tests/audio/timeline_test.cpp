#include "audio/timeline.h"

#include <gtest/gtest.h>

namespace msst::audio {
namespace {

TEST(Timeline, LeavesNoGapBetweenRunsThatMeet) {
    Timeline time(/*slack=*/64, /*length=*/10000);
    EXPECT_EQ(time.place(500, 1000), 0) << "a clock may start anywhere";
    EXPECT_EQ(time.place(1500, 1000), 0);
    EXPECT_EQ(time.given(), 2000);
}

TEST(Timeline, TellsHowMuchIsMissing) {
    Timeline time(64, 10000);
    time.place(0, 1000);
    EXPECT_EQ(time.place(5000, 1000), 4000);
    EXPECT_EQ(time.given(), 6000);
    EXPECT_EQ(time.place(6000, 1000), 0);
}

TEST(Timeline, TakesSmallStepsForRounding) {
    Timeline time(64, 10000);
    time.place(0, 1000);
    EXPECT_EQ(time.place(1064, 1000), 0);
    EXPECT_EQ(time.place(1065 + 1000, 1000), 65);
}

TEST(Timeline, NeverGrowsBeyondTheDeclaredLength) {
    Timeline time(64, 10000);
    time.place(0, 1000);
    EXPECT_EQ(time.place(int64_t{1} << 59, 1000), 8000);
    EXPECT_EQ(time.place((int64_t{1} << 59) + 100000, 1000), 0);
}

TEST(Timeline, FillsNothingWhereNoLengthIsDeclared) {
    Timeline time(64, std::nullopt);
    time.place(0, 1000);
    EXPECT_EQ(time.place(5000, 1000), 0);
}

TEST(Timeline, FollowsAClockThatStartsOver) {
    Timeline time(64, 10000);
    time.place(0, 5000);
    EXPECT_EQ(time.place(0, 1000), 0);
    EXPECT_EQ(time.place(1000, 1000), 0);
    EXPECT_EQ(time.place(2500, 1000), 500);
}

TEST(Timeline, KnowsWhatIsMissingAtBothEnds) {
    Timeline time(64, 10000);
    time.set_start(100);
    EXPECT_EQ(time.place(1100, 1000), 1000);
    EXPECT_EQ(time.place_end(3100), 1000);
    EXPECT_EQ(time.given(), 3000);
}

TEST(Timeline, SurvivesHostileClocks) {
    Timeline time(64, 10000);
    EXPECT_EQ(time.place(INT64_MIN, 10), 0);
    EXPECT_EQ(time.place(INT64_MAX, 10), 0);
    EXPECT_EQ(time.given(), 20);
}

}  // namespace
}  // namespace msst::audio
