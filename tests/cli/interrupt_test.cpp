#include "cli/interrupt.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace msst::cli {
namespace {

// Blocks until `token` is stopped.
void wait_for_stop(const std::stop_token& token) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, token, [] { return false; });
}

TEST(Interrupt, TurnsTheFirstSignalIntoAStop) {
    const Interrupt interrupt;
    EXPECT_FALSE(interrupt.token().stop_requested());
    ::kill(::getpid(), SIGINT);
    wait_for_stop(interrupt.token());
    EXPECT_TRUE(interrupt.token().stop_requested());
}

TEST(Interrupt, TakesSigtermToo) {
    const Interrupt interrupt;
    ::kill(::getpid(), SIGTERM);
    wait_for_stop(interrupt.token());
    EXPECT_TRUE(interrupt.token().stop_requested());
}

TEST(Interrupt, RestoresTheSignalsWhenItEnds) {
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    { const Interrupt interrupt; }
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    EXPECT_EQ(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
}

void interrupt_twice() {
    const Interrupt interrupt;
    ::kill(::getpid(), SIGINT);
    wait_for_stop(interrupt.token());
    ::kill(::getpid(), SIGINT);
    ::pause();
}

TEST(InterruptDeathTest, EndsTheProcessAtTheSecondSignal) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(interrupt_twice(), ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace msst::cli
