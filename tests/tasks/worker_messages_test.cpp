#include "tasks/worker_messages.h"

#include <gtest/gtest.h>

namespace msst::tasks {
namespace {

std::string without_feed(std::string line) {
    EXPECT_EQ(line.back(), '\n');
    line.pop_back();
    return line;
}

TEST(WorkerMessages, SurviveTheWayToTheSupervisor) {
    const auto sent =
        WorkerMessage{.kind = WorkerMessage::Kind::progress, .task_id = "some-task", .fraction = 0.25};
    const auto read = parse_worker_message(without_feed(to_line(sent)));

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kind, sent.kind);
    EXPECT_EQ(read->task_id, sent.task_id);
    EXPECT_EQ(read->fraction, sent.fraction);
}

TEST(WorkerMessages, TellTheMemoryOfTheDevice) {
    const auto read = parse_worker_message(without_feed(to_line(
        WorkerMessage{.kind = WorkerMessage::Kind::memory, .total_bytes = 80'000'000'000, .free_bytes = 7})));

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kind, WorkerMessage::Kind::memory);
    EXPECT_EQ(read->total_bytes, 80'000'000'000);
    EXPECT_EQ(read->free_bytes, 7);
}

TEST(WorkerMessages, TellWhichModelIsReady) {
    for (const char* model : {"", "kim_vocals"}) {
        const auto read = parse_worker_message(
            without_feed(to_line(WorkerMessage{.kind = WorkerMessage::Kind::model, .model = model})));
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(read->kind, WorkerMessage::Kind::model);
        EXPECT_EQ(read->model, model);
    }
}

TEST(WorkerMessages, SurviveTheWayToTheWorker) {
    using namespace std::chrono_literals;
    const auto read = parse_supervisor_message(
        without_feed(to_line(SupervisorMessage{.kind = SupervisorMessage::Kind::drain, .limit = 30s})));

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kind, SupervisorMessage::Kind::drain);
    EXPECT_EQ(read->limit, 30s);
}

TEST(WorkerMessages, PassOverWhatIsNotUnderstood) {
    for (const char* line :
         {"", " ", "sing", "busy", "busy a b", "progress", "progress x", "progress x y", "progress x nan",
          "progress x 0.5 z", "memory", "memory 1", "memory 1 -1", "memory x 1"})
        EXPECT_FALSE(parse_worker_message(line).has_value()) << line;
    for (const char* line : {"", "drain", "drain -1", "drain soon", "drain 99999999999999999999"})
        EXPECT_FALSE(parse_supervisor_message(line).has_value()) << line;
}

TEST(WorkerMessages, KeepFractionsBetweenZeroAndOne) {
    EXPECT_EQ(parse_worker_message("progress x 7")->fraction, 1);
    EXPECT_EQ(parse_worker_message("progress x -7")->fraction, 0);
}

}  // namespace
}  // namespace msst::tasks
