#include "base/text.h"

#include <gtest/gtest.h>

namespace msst {
namespace {

TEST(CleanText, KeepsWellFormedUtf8) {
    EXPECT_EQ(clean_text("Käse 🎵", 100), "Käse 🎵");
}

TEST(CleanText, ReplacesMalformedBytes) {
    EXPECT_EQ(clean_text("a\xff"
                         "b",
                         100),
              "a\xef\xbf\xbd"
              "b");
    EXPECT_EQ(clean_text("\xc0\xaf", 100), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
    EXPECT_EQ(clean_text("\xed\xa0\x80", 100).size(), 9u) << "a surrogate";
}

TEST(CleanText, TurnsControlCharactersIntoSpaces) {
    EXPECT_EQ(clean_text("a\r\nb\x1b[0m\x7f\xc2\x85", 100), "a  b [0m  ");
}

TEST(CleanText, CutsBetweenCharacters) {
    EXPECT_EQ(clean_text("aä", 2), "a");
}

TEST(CleanFileName, KeepsOnlyTheLastComponent) {
    EXPECT_EQ(clean_file_name("../../etc/passwd"), "passwd");
    EXPECT_EQ(clean_file_name("C:\\music\\song.mp3"), "song.mp3");
    EXPECT_EQ(clean_file_name(".."), "audio");
    EXPECT_EQ(clean_file_name(""), "audio");
    EXPECT_EQ(clean_file_name("a/"), "audio");
}

TEST(CleanFileName, BoundsTheLength) {
    EXPECT_LE(clean_file_name(std::string(300, 'x')).size(), 255u);
}

TEST(Trim, RemovesWhiteSpaceAtBothEnds) {
    EXPECT_EQ(trim(" \ta b\r\n"), "a b");
}

TEST(HexValue, IsThatOfADigitOfEitherCase) {
    EXPECT_EQ(hex_value('0'), 0);
    EXPECT_EQ(hex_value('9'), 9);
    EXPECT_EQ(hex_value('a'), 10);
    EXPECT_EQ(hex_value('F'), 15);
    for (const char other : {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\xff'})
        EXPECT_EQ(hex_value(other), -1) << other;
}

}  // namespace
}  // namespace msst
