#include "store/open.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "store/task_samples.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::store {
namespace {

using msst::testing::FakeClock;
using msst::testing::TempFolder;
using ::testing::HasSubstr;

std::string refusal_of(const std::filesystem::path& data_dir) {
    const FakeClock clock;
    try {
        open_task_store(data_dir, clock);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        return error.what();
    }
    return "";
}

mode_t mode_of(const std::filesystem::path& path) {
    struct stat facts {};
    EXPECT_EQ(stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 0777;
}

TEST(OpenStore, MakesAPrivateDataDirectory) {
    const TempFolder temp;
    const FakeClock clock;
    const mode_t before = umask(0);
    const auto blobs = open_blob_store(temp / "a/data");
    const auto tasks = open_task_store(temp / "a/data", clock);
    tasks->add(testing::song(), testing::kRoomForAll);
    umask(before);

    for (const char* folder : {"a", "a/data", "a/data/uploads", "a/data/results", "a/data/tmp"})
        EXPECT_EQ(mode_of(temp / folder), 0700u) << folder;
    for (const char* file : {"a/data/msst.db", "a/data/msst.db-wal", "a/data/msst.db-shm"})
        EXPECT_EQ(mode_of(temp / file), 0600u) << file;
}

TEST(OpenStore, NeverPutsAnEmptyDatabaseBesideFilesItDoesNotKnow) {
    for (const char* file : {"uploads/u1", "results/t1"}) {
        const TempFolder temp;
        open_blob_store(temp.path());
        std::ofstream(temp / file) << "x";
        const std::string refusal = refusal_of(temp.path());
        EXPECT_THAT(refusal, HasSubstr("there is no database"));
        EXPECT_THAT(refusal, HasSubstr("Restore msst.db from a backup, or start with an empty data_dir"));
        EXPECT_FALSE(std::filesystem::exists(temp / "msst.db"));

        std::ofstream(temp / "msst.db");  // truncated to nothing is no better
        EXPECT_THAT(refusal_of(temp.path()), HasSubstr("there is no database"));
        EXPECT_EQ(std::filesystem::file_size(temp / "msst.db"), 0u);
    }
}

TEST(OpenStore, StartsInADirectoryThatHoldsOnlyEmptyFolders) {
    const TempFolder temp;
    open_blob_store(temp.path());
    EXPECT_EQ(refusal_of(temp.path()), "");
}

}  // namespace
}  // namespace msst::store
