#include "http/query.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::http {
namespace {

TEST(PercentDecode, UndoesEscapesInAnyCase) {
    EXPECT_EQ(percent_decode("a%20b%2fc%C3%a9", PlusSign::is_plus), "a b/c\xc3\xa9");
    EXPECT_EQ(percent_decode("a+b", PlusSign::is_plus), "a+b");
    EXPECT_EQ(percent_decode("a+b%2B", PlusSign::is_space), "a b+");
    EXPECT_EQ(percent_decode("", PlusSign::is_plus), "");
    EXPECT_EQ(percent_decode("%2525", PlusSign::is_plus), "%25");
}

class BadEscape : public ::testing::TestWithParam<const char*> {};

TEST_P(BadEscape, IsRefused) {
    EXPECT_THROW(percent_decode(GetParam(), PlusSign::is_plus), Error);
}

INSTANTIATE_TEST_SUITE_P(Table, BadEscape,
                         ::testing::Values("%", "%2", "a%", "%zz", "%2g", "%-1", "%00", "a%0d%0ab", "%7f",
                                           "%ff", "%c3", "%c0%80", "%ed%a0%80", "%c2%80"));

TEST(Query, KeepsOrderRepetitionsAndEmptyValues) {
    const Query expected = {{"status", "a"}, {"status", "b c"}, {"limit", ""},
                            {"flag", ""},    {"", "x"},         {"a", "b=c"}};
    EXPECT_EQ(parse_query("status=a&status=b+c&limit=&&flag&=x&a=b=c&"), expected);
    EXPECT_TRUE(parse_query("").empty());
}

TEST(Query, RefusesTooManyFieldsAndBadEscapes) {
    std::string many;
    for (size_t i = 0; i < kMaxQueryFields; ++i) many += "a=b&";
    EXPECT_EQ(parse_query(many).size(), kMaxQueryFields);
    EXPECT_THROW(parse_query(many + "a"), Error);
    EXPECT_THROW(parse_query("a=%"), Error);
    EXPECT_THROW(parse_query("%00=a"), Error);
}

}  // namespace
}  // namespace msst::http
