#include "base/ids.h"

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
    EXPECT_LT(make_uuid_v7(Timestamp(1000ms)), make_uuid_v7(Timestamp(1001ms)));
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
