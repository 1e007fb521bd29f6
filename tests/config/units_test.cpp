#include "config/units.h"

#include <gtest/gtest.h>

namespace msst::config {
namespace {

TEST(Sizes, TakePowersOf1000And1024) {
    EXPECT_EQ(parse_size("500MB"), 500'000'000);
    EXPECT_EQ(parse_size("1 KiB"), 1024);
    EXPECT_EQ(parse_size("2gib"), 2'147'483'648);
    EXPECT_EQ(parse_size("10GB"), 10'000'000'000);
    EXPECT_EQ(parse_size("1.5KB"), 1500);
    EXPECT_EQ(parse_size("77"), 77);
}

TEST(Sizes, RefuseEverythingElse) {
    for (const char* text : {"", "MB", "-1MB", "1M", "1e30", "1 2", "inf", "nanMB", "0x10", "1MBB"})
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Sizes, AreShownAsBrieflyAsIsExact) {
    for (const int64_t size : {0L, 1L, 1536L, 500'000'000L, 1L << 30, 10'000'000'000L, 1000L, 1234567L})
        EXPECT_EQ(parse_size(show_size(size)), size) << show_size(size);
    EXPECT_EQ(show_size(500'000'000), "500MB");
    EXPECT_EQ(show_size(1 << 20), "1MiB");
}

TEST(Durations, CountPlainNumbersInTheUnitOfTheirKey) {
    EXPECT_DOUBLE_EQ(*parse_duration("2", 3600), 7200);
    EXPECT_DOUBLE_EQ(*parse_duration("2", 1), 2);
    EXPECT_DOUBLE_EQ(*parse_duration("0.5", 3600), 1800);
}

TEST(Durations, TakeUnits) {
    EXPECT_DOUBLE_EQ(*parse_duration("500ms", 1), 0.5);
    EXPECT_DOUBLE_EQ(*parse_duration("30 s", 3600), 30);
    EXPECT_DOUBLE_EQ(*parse_duration("5m", 3600), 300);
    EXPECT_DOUBLE_EQ(*parse_duration("1.5h", 1), 5400);
    EXPECT_DOUBLE_EQ(*parse_duration("7d", 1), 604800);
    for (const char* text : {"", "h", "-1h", "1w", "1h30m", "nan", "1e400"})
        EXPECT_EQ(parse_duration(text, 1), std::nullopt) << text;
}

}  // namespace
}  // namespace msst::config
