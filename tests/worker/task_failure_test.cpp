#include "worker/task_failure.h"

#include <new>

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::worker {
namespace {

template <typename Thrown>
TaskFailure describe(const Thrown& thrown) {
    return describe_failure(std::make_exception_ptr(thrown));
}

TEST(TaskFailure, TellsTheClientWhatIsWrongWithItsSong) {
    const TaskFailure failure =
        describe(Error(ErrorCode::invalid_input, "the file ends after 3 of 10 frames", "invalid_audio"));

    EXPECT_EQ(failure.error.code, "invalid_audio");
    EXPECT_EQ(failure.error.message, "the file ends after 3 of 10 frames");
    EXPECT_FALSE(failure.is_tainted);
}

TEST(TaskFailure, KeepsAFullDiskApart) {
    const TaskFailure failure = describe(
        Error(ErrorCode::unavailable, "cannot write /var/x: No space left on device", "storage_full"));

    EXPECT_EQ(failure.error.code, "storage_full");
    EXPECT_EQ(failure.error.message.find('/'), std::string::npos);
    EXPECT_FALSE(failure.is_tainted);
}

TEST(TaskFailure, SaysNothingOfABugOfOursButDistrustsTheProcess) {
    const TaskFailure failure = describe(Error(ErrorCode::internal, "/opt/x.cpp: index 3 of 2"));

    EXPECT_EQ(failure.error.code, "internal_error");
    EXPECT_EQ(failure.error.message, "The separation failed.");
    EXPECT_EQ(failure.details, "/opt/x.cpp: index 3 of 2");
    EXPECT_TRUE(failure.is_tainted);
}

TEST(TaskFailure, NamesAModelThatDoesNotLoadWithoutItsPath) {
    const TaskFailure failure =
        describe(Error(ErrorCode::unavailable, "model x: /models/x.ckpt is cut off", "model_invalid"));

    EXPECT_EQ(failure.error.code, "model_invalid");
    EXPECT_EQ(failure.error.message.find('/'), std::string::npos);
}

TEST(TaskFailure, DistrustsAProcessWithoutMemory) {
    const TaskFailure failure = describe(std::bad_alloc());

    EXPECT_EQ(failure.error.code, "internal_error");
    EXPECT_TRUE(failure.is_tainted);
}

TEST(TaskFailure, CutsALongMessage) {
    const TaskFailure failure = describe(Error(ErrorCode::invalid_input, std::string(10'000, 'x')));

    EXPECT_EQ(failure.error.code, "invalid_audio");
    EXPECT_LE(failure.error.message.size(), 500U);
}

}  // namespace
}  // namespace msst::worker
