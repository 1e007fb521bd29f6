#include "base/line_buffer.h"

#include <gtest/gtest.h>

namespace msst {
namespace {

using Lines = std::vector<std::string>;

TEST(LineBuffer, JoinsWhatComesInPieces) {
    LineBuffer buffer(/*max_bytes=*/100);

    EXPECT_EQ(buffer.push("he"), Lines{});
    EXPECT_EQ(buffer.push("llo\nwor"), Lines{"hello"});
    EXPECT_EQ(buffer.push("ld\n\nx"), (Lines{"world", ""}));
    EXPECT_EQ(buffer.take_rest(), "x");
    EXPECT_EQ(buffer.take_rest(), "");
}

TEST(LineBuffer, KeepsOnlyTheBeginningOfALongLine) {
    LineBuffer buffer(/*max_bytes=*/3);

    EXPECT_EQ(buffer.push("abc"), Lines{});
    EXPECT_EQ(buffer.push("def"), Lines{});
    EXPECT_EQ(buffer.push("ghi\nxy\n"), (Lines{"abc", "xy"}));
}

}  // namespace
}  // namespace msst
