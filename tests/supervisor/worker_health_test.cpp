#include "supervisor/worker_health.h"

#include <gtest/gtest.h>

namespace msst::supervisor {
namespace {

using namespace std::chrono_literals;
using tasks::WorkerMessage;
using Verdict = WorkerHealth::Verdict;

class Health : public ::testing::Test {
protected:
    void hear(WorkerMessage::Kind kind, Milliseconds now) {
        health.hear({.kind = kind, .task_id = "task"}, now);
    }

    WorkerHealth health{/*silence_timeout=*/30s, /*progress_timeout=*/300s, /*now=*/0s};
};

TEST_F(Health, AWorkerThatNeverSpokeIsSilent) {
    EXPECT_EQ(health.verdict(29s), Verdict::healthy);
    EXPECT_EQ(health.verdict(30s), Verdict::silent);
}

TEST_F(Health, AnIdleWorkerOnlyHasToLive) {
    for (auto now = 0s; now <= 1'000s; now += 10s) hear(WorkerMessage::Kind::alive, now);

    EXPECT_EQ(health.verdict(1'010s), Verdict::healthy);
    EXPECT_FALSE(health.is_busy());
}

TEST_F(Health, ABusyWorkerHasToAdvance) {
    hear(WorkerMessage::Kind::busy, 0s);
    for (auto now = 0s; now <= 290s; now += 10s) hear(WorkerMessage::Kind::alive, now);

    EXPECT_TRUE(health.is_busy());
    EXPECT_EQ(health.verdict(299s), Verdict::healthy);
    EXPECT_EQ(health.verdict(300s), Verdict::stuck);
}

TEST_F(Health, ProgressGivesABusyWorkerNewTime) {
    hear(WorkerMessage::Kind::busy, 0s);
    hear(WorkerMessage::Kind::progress, 200s);
    hear(WorkerMessage::Kind::alive, 490s);

    EXPECT_EQ(health.verdict(499s), Verdict::healthy);
    EXPECT_EQ(health.verdict(500s), Verdict::stuck);
}

TEST_F(Health, TheEndOfATaskIsCounted) {
    hear(WorkerMessage::Kind::busy, 0s);
    hear(WorkerMessage::Kind::idle, 1s);

    EXPECT_FALSE(health.is_busy());
    EXPECT_EQ(health.tasks_ended(), 1);
    EXPECT_EQ(health.verdict(20s), Verdict::healthy);
}

}  // namespace
}  // namespace msst::supervisor
