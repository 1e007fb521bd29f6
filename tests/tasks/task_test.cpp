#include "tasks/task.h"

#include <gtest/gtest.h>

#include "tasks/blob_store.h"

namespace msst::tasks {
namespace {

TEST(TaskStatus, HasANameThatReadsBack) {
    for (const auto status : {TaskStatus::pending, TaskStatus::processing, TaskStatus::completed,
                              TaskStatus::failed, TaskStatus::cancelled})
        EXPECT_EQ(parse_task_status(to_string(status)), status);
    EXPECT_EQ(to_string(TaskStatus::processing), "processing");
}

TEST(TaskStatus, IsFinalWhenNothingCanFollow) {
    EXPECT_FALSE(is_final(TaskStatus::pending));
    EXPECT_FALSE(is_final(TaskStatus::processing));
    EXPECT_TRUE(is_final(TaskStatus::completed));
    EXPECT_TRUE(is_final(TaskStatus::failed));
    EXPECT_TRUE(is_final(TaskStatus::cancelled));
}

TEST(TaskStatus, OfAnUnknownWordIsNone) {
    EXPECT_EQ(parse_task_status("done"), std::nullopt);
    EXPECT_EQ(parse_task_status(""), std::nullopt);
    EXPECT_EQ(parse_task_status("Pending"), std::nullopt);
}

TEST(Stage, HasANameThatReadsBack) {
    for (const auto stage : {Stage::queued, Stage::decoding, Stage::loading_model, Stage::separating,
                             Stage::encoding, Stage::done})
        EXPECT_EQ(parse_stage(to_string(stage)), stage);
    EXPECT_EQ(to_string(Stage::loading_model), "loading_model");
    EXPECT_EQ(parse_stage("waiting"), std::nullopt);
}

TEST(BlobKey, NamesUploadsAndResults) {
    EXPECT_EQ(upload_key("u1"), "uploads/u1");
    EXPECT_EQ(result_key("t1", /*epoch=*/3, "vocals.wav"), "results/t1/3/vocals.wav");
}

}  // namespace
}  // namespace msst::tasks
