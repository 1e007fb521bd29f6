#include "http/range.h"

#include <string>

#include <gtest/gtest.h>

namespace msst::http {
namespace {

using RangeKind = RangeRequest::Kind;

struct RangeCase {
    std::string header;
    int64_t size;
    RangeKind kind;
    std::vector<ByteRange> ranges;
};

class RangeTable : public ::testing::TestWithParam<RangeCase> {};

TEST_P(RangeTable, IsReadAsRfc9110Says) {
    const auto& [header, size, kind, ranges] = GetParam();
    const RangeRequest result = parse_range(header, size);
    EXPECT_EQ(result.kind, kind) << header;
    EXPECT_EQ(result.ranges, ranges) << header;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RangeTable,
    ::testing::Values(
        RangeCase{"bytes=0-4", 10, RangeKind::partial, {{0, 5}}},
        RangeCase{"bytes=2-", 10, RangeKind::partial, {{2, 8}}},
        RangeCase{"bytes=-5", 10, RangeKind::partial, {{5, 5}}},
        RangeCase{"bytes=3-7", 10, RangeKind::partial, {{3, 5}}},
        RangeCase{"bytes=9-9", 10, RangeKind::partial, {{9, 1}}},
        RangeCase{"bytes=0-", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"bytes=0-99", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"bytes=-99", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"BYTES=0-0", 10, RangeKind::partial, {{0, 1}}},
        RangeCase{"bytes=0-0,-1", 10, RangeKind::partial, {{0, 1}, {9, 1}}},
        RangeCase{"bytes= 0-0 ,\t8-8 ", 10, RangeKind::partial, {{0, 1}, {8, 1}}},
        RangeCase{"bytes=,0-0,,", 10, RangeKind::partial, {{0, 1}}},
        // Descending order is the client's; overlapping and touching ranges are joined.
        RangeCase{"bytes=8-9,0-1", 10, RangeKind::partial, {{8, 2}, {0, 2}}},
        RangeCase{"bytes=0-4,2-6", 10, RangeKind::partial, {{0, 7}}},
        RangeCase{"bytes=0-4,5-9", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"bytes=0-1,8-9,1-8", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"bytes=0-,0-,0-", 10, RangeKind::partial, {{0, 10}}},
        // Those that miss are dropped as long as one meets.
        RangeCase{"bytes=10-,0-1", 10, RangeKind::partial, {{0, 2}}},
        RangeCase{"bytes=10-", 10, RangeKind::unsatisfiable, {}},
        RangeCase{"bytes=10-20,30-40", 10, RangeKind::unsatisfiable, {}},
        RangeCase{"bytes=-0", 10, RangeKind::unsatisfiable, {}},
        RangeCase{"bytes=0-0", 0, RangeKind::unsatisfiable, {}},
        RangeCase{"bytes=-1", 0, RangeKind::unsatisfiable, {}},
        RangeCase{"bytes=18446744073709551616-", 10, RangeKind::unsatisfiable, {}},
        RangeCase{"bytes=0-18446744073709551616", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"bytes=-18446744073709551616", 10, RangeKind::partial, {{0, 10}}},
        RangeCase{"bytes=9223372036854775807-9223372036854775808", 10, RangeKind::unsatisfiable, {}},
        // Malformed or of another unit: as if it were not there.
        RangeCase{"", 10, RangeKind::whole, {}}, RangeCase{"bytes", 10, RangeKind::whole, {}},
        RangeCase{"bytes=", 10, RangeKind::whole, {}}, RangeCase{"bytes=,", 10, RangeKind::whole, {}},
        RangeCase{"bytes=-", 10, RangeKind::whole, {}}, RangeCase{"bytes=a-b", 10, RangeKind::whole, {}},
        RangeCase{"bytes=5", 10, RangeKind::whole, {}}, RangeCase{"bytes=5-2", 10, RangeKind::whole, {}},
        RangeCase{"bytes=0-1,x", 10, RangeKind::whole, {}}, RangeCase{"bytes=0 -1", 10, RangeKind::whole, {}},
        RangeCase{"bytes=+1-2", 10, RangeKind::whole, {}}, RangeCase{"bytes=1--2", 10, RangeKind::whole, {}},
        RangeCase{"bytes=0x1-2", 10, RangeKind::whole, {}}, RangeCase{"items=0-1", 10, RangeKind::whole, {}},
        RangeCase{"bytes =0-1", 10, RangeKind::whole, {}}));

TEST(Range, IsTheWholeWithoutAHeader) {
    EXPECT_EQ(parse_range(std::nullopt, 10).kind, RangeKind::whole);
}

TEST(Range, ServesAFewRangesAndTheWholeInsteadOfMany) {
    const auto ranges = [](int count) {
        std::string header = "bytes=";
        for (int i = 0; i < count; ++i)
            header += std::to_string(i * 10) + "-" + std::to_string(i * 10 + 1) + ",";
        return header;
    };
    EXPECT_EQ(parse_range(ranges(16), 100'000).ranges.size(), 16u);
    EXPECT_EQ(parse_range(ranges(17), 100'000).kind, RangeKind::whole);
    EXPECT_EQ(parse_range(ranges(5000), 100'000).kind, RangeKind::whole);
}

TEST(Range, DoesNotFallForTheApacheKiller) {
    std::string header = "bytes=0-";
    for (int i = 0; i < 1300; ++i) header += ",5-" + std::to_string(i);
    EXPECT_EQ(parse_range(header, 100'000).kind, RangeKind::whole);
}

}  // namespace
}  // namespace msst::http
