#include "yaml/scalars.h"

#include <gtest/gtest.h>

#include "yaml/reader.h"

namespace msst::yaml {
namespace {

TEST(YamlScalars, KnowTheBooleansOfYaml11) {
    for (const char* word : {"true", "True", "TRUE", "yes", "on"})
        EXPECT_EQ(to_bool(make_scalar(word)), true);
    for (const char* word : {"false", "False", "no", "OFF"}) EXPECT_EQ(to_bool(make_scalar(word)), false);
    for (const char* word : {"1", "y", "", "truee"}) EXPECT_EQ(to_bool(make_scalar(word)), std::nullopt);
}

TEST(YamlScalars, TakeQuotedBooleansForText) {
    EXPECT_EQ(to_bool(parse_document("'true'", "x")), std::nullopt);
}

TEST(YamlScalars, ReadWholeNumbersExactly) {
    EXPECT_EQ(parse_whole("-12"), -12);
    EXPECT_EQ(parse_whole("+12"), 12);
    EXPECT_EQ(parse_whole("9223372036854775807"), INT64_MAX);
    for (const char* text : {"9223372036854775808", "1.0", "", "+", "+-1", " 1", "1 ", "0x10", "1e3"})
        EXPECT_EQ(parse_whole(text), std::nullopt) << text;
}

TEST(YamlScalars, ReadTheWholeNumbersOfYaml11) {
    EXPECT_EQ(to_whole(make_scalar("352_800")), 352'800);
    EXPECT_EQ(to_whole(make_scalar("-0x1F")), -31);
    EXPECT_EQ(to_whole(make_scalar("017")), 15);
    EXPECT_EQ(to_whole(make_scalar("0o17")), 15);
    EXPECT_EQ(to_whole(make_scalar("+0")), 0);
    for (const char* text : {"", "_", "-", "0x", "0x-1", "--1", "+-1", "1.0", "1e3", "089", "four"})
        EXPECT_EQ(to_whole(make_scalar(text)), std::nullopt) << text;
    EXPECT_EQ(to_whole(parse_document("[1]", "x")), std::nullopt);
}

TEST(YamlScalars, ReadTheNumbersOfYaml11) {
    EXPECT_EQ(to_number(make_scalar("1_000.5")), 1000.5);
    EXPECT_EQ(to_number(make_scalar("0x10")), 16);
    EXPECT_EQ(to_number(make_scalar("-1E-3")), -1e-3);
    EXPECT_EQ(to_number(make_scalar("089")), 89);
    EXPECT_EQ(to_number(parse_document("'1.5'", "x")), 1.5);
    for (const char* text : {".inf", "-.inf", ".nan", "nan", "inf", "1e999", "0x1p3", "1,5", "", "_"})
        EXPECT_EQ(to_number(make_scalar(text)), std::nullopt) << text;
}

TEST(YamlScalars, ReadNumbersThatPyYamlWouldCallText) {
    EXPECT_DOUBLE_EQ(*parse_number("1e-3"), 0.001);
    for (const char* text : {"inf", "nan", "1e999", "", "abc", "1,5"})
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

}  // namespace
}  // namespace msst::yaml
