#include "base/end_signals.h"

#include <csignal>

#include <gtest/gtest.h>
#include <poll.h>

namespace msst {
namespace {

TEST(EndSignals, CountsSignals) {
    EndSignals signals;
    EXPECT_EQ(signals.take(), 0);

    std::raise(SIGTERM);
    std::raise(SIGINT);

    pollfd readable{.fd = signals.descriptor(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, 0), 1);
    EXPECT_EQ(signals.take(), 2);
    EXPECT_EQ(signals.take(), 0);
}

TEST(EndSignals, LetsSignalsEndTheProcessAgainAfterwards) {
    EXPECT_EXIT(
        {
            { const EndSignals signals; }
            std::raise(SIGTERM);
        },
        ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace msst
