#include "base/ids.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace msst {
namespace {

using namespace std::chrono_literals;

TEST(Uuid, IsOneOfVersionSeven) {
    const std::string id = make_uuid_v7(Timestamp(1700000000000ms));
    EXPECT_TRUE(is_uuid(id)) << id;
    EXPECT_EQ(id[14], '7');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(Uuid, SortsByTime) {
    UuidMaker maker;
    const std::string earlier = maker.make(Timestamp(1000ms));
    EXPECT_EQ(earlier.substr(0, 13), "00000000-03e8");
    EXPECT_LT(earlier, maker.make(Timestamp(1001ms)));
}

TEST(Uuid, OfOneMillisecondSortInTheOrderInWhichTheyWereMade) {
    UuidMaker maker;
    std::vector<std::string> ids;
    for (int i = 0; i < 10'000; ++i) ids.push_back(maker.make(Timestamp(1700000000000ms)));
    EXPECT_EQ(std::ranges::adjacent_find(ids, std::greater_equal()), ids.end());
    EXPECT_TRUE(std::ranges::all_of(ids, is_uuid));
    EXPECT_TRUE(std::ranges::all_of(ids, [](const std::string& id) { return id[14] == '7'; }));
}

TEST(Uuid, StillSortsWhenTheClockIsSetBack) {
    UuidMaker maker;
    const std::string before = maker.make(Timestamp(2000ms));
    EXPECT_LT(before, maker.make(Timestamp(1000ms)));
}

TEST(Uuid, OfSeveralThreadsAreInOrderInEachOfThem) {
    std::vector<std::vector<std::string>> ids(4);
    std::vector<std::thread> threads;
    for (auto& own : ids)
        threads.emplace_back([&own] {
            for (int i = 0; i < 1'000; ++i) own.push_back(make_uuid_v7(Timestamp(1700000000000ms)));
        });
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> all;
    for (const auto& own : ids) {
        EXPECT_EQ(std::ranges::adjacent_find(own, std::greater_equal()), own.end());
        all.insert(own.begin(), own.end());
    }
    EXPECT_EQ(all.size(), 4'000U);
}

TEST(Uuid, RefusesWhatIsNone) {
    EXPECT_FALSE(is_uuid("../../../../etc/passwd/aaaaaaaaaaaaaa"));
    EXPECT_FALSE(is_uuid("0190A000-0000-7000-8000-000000000000")) << "upper case is another spelling";
    EXPECT_FALSE(is_uuid(""));
}

TEST(Time, IsWrittenAsIsoAndHttpWant) {
    const Timestamp time(1768473000007ms);
    EXPECT_EQ(to_iso8601(time), "2026-01-15T10:30:00.007Z");
    EXPECT_EQ(to_http_date(time), "Thu, 15 Jan 2026 10:30:00 GMT");
}

}  // namespace
}  // namespace msst
