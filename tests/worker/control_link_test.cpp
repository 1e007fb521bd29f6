#include "worker/control_link.h"

#include <array>
#include <csignal>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/eventually.h"

namespace msst::worker {
namespace {

using namespace std::chrono_literals;
using msst::testing::eventually;
using tasks::SupervisorMessage;

class Link : public ::testing::Test {
protected:
    void tell(const SupervisorMessage& message) {
        write_all(sockets.ours.get(), to_line(message), "the supervisor's socket");
    }
    bool is_draining() const { return link.drain_deadline().has_value(); }

    SystemClock clock;
    SocketPair sockets = make_socket_pair();
    ControlLink link{std::move(sockets.theirs), 7s, clock};
};

TEST_F(Link, WakesWhoeverWaitsForWork) {
    const auto begin = clock.monotonic();
    tell({.kind = SupervisorMessage::Kind::wake});
    link.wait_for_work(60s);

    EXPECT_LT(clock.monotonic() - begin, 30s);
    EXPECT_FALSE(is_draining());
}

TEST_F(Link, ReturnsFromWaitingAfterTheTimeout) {
    link.wait_for_work(1ms);

    EXPECT_FALSE(is_draining());
}

TEST_F(Link, DrainsWithinTheLimitTheSupervisorSets) {
    const auto before = clock.monotonic();
    tell({.kind = SupervisorMessage::Kind::drain, .limit = 3s});
    link.wait_for_work(60s);

    ASSERT_TRUE(is_draining());
    EXPECT_GE(*link.drain_deadline(), before + 3s);
    EXPECT_LE(*link.drain_deadline(), clock.monotonic() + 3s);
}

TEST_F(Link, NeverPostponesADrain) {
    write_all(sockets.ours.get(), "drain 3000\ndrain 300000\n", "the supervisor's socket");
    // Said after both were read.
    std::array<char, 64> bytes{};
    ASSERT_GT(::recv(sockets.ours.get(), bytes.data(), bytes.size(), 0), 0);

    ASSERT_TRUE(eventually([&] { return is_draining(); }));
    EXPECT_LE(*link.drain_deadline(), clock.monotonic() + 3s);
}

TEST_F(Link, DrainsOnSigterm) {
    const auto before = clock.monotonic();
    std::raise(SIGTERM);
    link.wait_for_work(60s);

    ASSERT_TRUE(is_draining());
    EXPECT_GE(*link.drain_deadline(), before + 7s);
}

TEST_F(Link, DrainsAtOnceWhenTheSupervisorIsGone) {
    sockets.ours.reset();
    link.wait_for_work(60s);

    ASSERT_TRUE(is_draining());
    EXPECT_LE(*link.drain_deadline(), clock.monotonic());
}

TEST_F(Link, PassesOverWhatItDoesNotUnderstand) {
    write_all(sockets.ours.get(), std::string(5'000, 'x') + "\nsing\n", "the supervisor's socket");
    tell({.kind = SupervisorMessage::Kind::wake});
    link.wait_for_work(60s);

    EXPECT_FALSE(is_draining());
}

TEST_F(Link, SaysThatItLives) {
    std::array<char, 64> bytes{};
    const ssize_t count = ::recv(sockets.ours.get(), bytes.data(), bytes.size(), 0);

    ASSERT_GT(count, 0);
    EXPECT_EQ(std::string(bytes.data(), 6), "alive\n");
}

TEST_F(Link, NeverWaitsForASupervisorThatDoesNotListen) {
    for (int i = 0; i < 100'000; ++i) link.say({.kind = tasks::WorkerMessage::Kind::alive});

    EXPECT_FALSE(is_draining());
}

}  // namespace
}  // namespace msst::worker
