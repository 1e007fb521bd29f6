#include "base/fork_server.h"

#include <gtest/gtest.h>

// The processes themselves: tests/supervisor/prober_test.cpp.

namespace msst {
namespace {

TEST(EndOfAForkedChild, IsToldFromWhatAChildSays) {
    const auto killed = parse_end("ended: signal 9 code 0");
    ASSERT_TRUE(killed);
    EXPECT_EQ(killed->signal, 9);
    const auto exited = parse_end("ended: signal 0 code 74");
    ASSERT_TRUE(exited);
    EXPECT_EQ(exited->code, 74);

    EXPECT_FALSE(parse_end("ready"));
    EXPECT_FALSE(parse_end("ended: signal 9"));
    EXPECT_FALSE(parse_end("ended: signal 9 code 0 and more"));
    EXPECT_FALSE(parse_end("ended: signal 99999999999 code 0"));
    EXPECT_FALSE(parse_end(R"({"format":"wav"})"));
}

}  // namespace
}  // namespace msst
