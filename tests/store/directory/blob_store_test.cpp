#include "store/directory/blob_store.h"

#include <chrono>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "store/child_process.h"
#include "support/temp_folder.h"

namespace msst::store::directory {
namespace {

namespace fs = std::filesystem;
using msst::testing::TempFolder;
using tasks::result_key;
using tasks::upload_key;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kFuture = Timestamp(Milliseconds(4'000'000'000'000));

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream(file) << text;
}

std::string read(const tasks::BlobFile& file) {
    std::string text(file.size_bytes, '\0');
    EXPECT_EQ(pread(file.fd.get(), text.data(), text.size(), 0), file.size_bytes);
    return text;
}

int entries_in(const fs::path& folder) {
    return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

void make_older(const fs::path& path, std::chrono::hours age) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

Timestamp hours_ago(int hours) {
    const auto now = std::chrono::system_clock::now() - std::chrono::hours(hours);
    return std::chrono::floor<Milliseconds>(now);
}

class DirectoryBlobStoreTest : public ::testing::Test {
protected:
    TempFolder folder;
    DirectoryBlobStore store{folder.path()};

    std::string keep(const std::string& id, std::string_view text = "music") {
        const auto blob = store.create();
        blob->append(bytes(text));
        blob->keep(upload_key(id));
        return upload_key(id);
    }
    void publish(const std::string& task_id, int64_t epoch, const std::string& text = "stem") {
        write(store.create_result_directory(task_id, epoch) / "vocals.wav", text);
        store.publish_result_directory(task_id, epoch);
    }
};

// Uploads

TEST_F(DirectoryBlobStoreTest, AnUploadIsReadUnderItsKeyOnceKept) {
    const auto blob = store.create();
    blob->append(bytes("mu"));
    blob->append(bytes("sic"));
    EXPECT_EQ(blob->size_bytes(), 5);
    EXPECT_FALSE(store.open(upload_key("u1")));
    blob->keep(upload_key("u1"));

    const auto file = store.open(upload_key("u1"));
    ASSERT_TRUE(file);
    EXPECT_EQ(read(*file), "music");
    EXPECT_GT(file->modified, hours_ago(1));
    EXPECT_EQ(store.local_path(upload_key("u1")), folder / "uploads/u1");
    EXPECT_EQ(entries_in(folder / "tmp"), 0);
}

TEST_F(DirectoryBlobStoreTest, AnotherProcessReadsAnUploadWhileItStreams) {
    const auto blob = store.create();
    blob->append(bytes("half"));
    EXPECT_EQ(fs::file_size(blob->local_path()), 4u);
    blob->keep(upload_key("u1"));
    EXPECT_EQ(fs::file_size(blob->local_path()), 4u);
}

TEST_F(DirectoryBlobStoreTest, AnUploadThatIsNotKeptIsGone) {
    {
        const auto blob = store.create();
        blob->append(bytes("half"));
        EXPECT_EQ(entries_in(folder / "tmp"), 1);
    }
    EXPECT_EQ(entries_in(folder / "tmp"), 0);
    EXPECT_EQ(entries_in(folder / "uploads"), 0);
}

TEST_F(DirectoryBlobStoreTest, AnUploadOutlivesItsHandle) {
    keep("u1");
    EXPECT_TRUE(store.open(upload_key("u1")));
}

TEST_F(DirectoryBlobStoreTest, AnUploadNeverReplacesAnother) {
    keep("u1", "first");
    EXPECT_THROW(keep("u1", "second"), Error);
    EXPECT_EQ(read(*store.open(upload_key("u1"))), "first");
    EXPECT_EQ(entries_in(folder / "tmp"), 0);
}

TEST_F(DirectoryBlobStoreTest, KeysThatLeadElsewhereAreRefused) {
    const auto blob = store.create();
    for (const char* key :
         {"uploads/../x", "../x", "/etc/passwd", "uploads/", "results/x", "x", "uploads/a/b"})
        EXPECT_THROW(blob->keep(key), Error) << key;
    EXPECT_THROW(store.open("uploads/../../etc/passwd"), Error);
    EXPECT_THROW(store.local_path("/etc/passwd"), Error);
    EXPECT_THROW(store.erase_upload("uploads/../msst.db"), Error);
    EXPECT_THROW(store.erase_results("../uploads"), Error);
    EXPECT_THROW(store.erase_results(".."), Error);
    EXPECT_THROW(store.erase_results(""), Error);
    EXPECT_THROW(store.create_result_directory("a/b", 1), Error);
    EXPECT_THROW(store.publish_result_directory("..", 1), Error);
    EXPECT_THROW(store.erase_other_epochs("..", 1), Error);
}

TEST_F(DirectoryBlobStoreTest, WhatIsNotThereIsNotFound) {
    EXPECT_FALSE(store.open(upload_key("nothing")));
    EXPECT_FALSE(store.open(result_key("nothing", 1, "vocals.wav")));
    EXPECT_THROW(store.local_path(upload_key("nothing")), Error);
}

TEST_F(DirectoryBlobStoreTest, ALinkInTheDataDirectoryLeadsNowhere) {
    const TempFolder outside;
    write(outside / "secret", "secret");
    fs::create_symlink(outside / "secret", folder / "uploads/link");
    fs::create_directory_symlink(outside.path(), folder / "results/task");
    EXPECT_FALSE(store.open(upload_key("link")));
    EXPECT_FALSE(store.open("results/task/secret"));
    EXPECT_THROW(store.create_result_directory("task", 1), Error);
    store.erase_other_epochs("task", 1);
    store.erase_upload(upload_key("link"));
    store.erase_results("task");
    EXPECT_TRUE(fs::exists(outside / "secret"));
    EXPECT_FALSE(fs::is_symlink(folder / "results/task"));
}

TEST_F(DirectoryBlobStoreTest, EverythingIsForItsUserAlone) {
    const mode_t before = umask(0);
    keep("u1");
    const fs::path results = store.create_result_directory("t1", 1);
    umask(before);
    struct stat facts {};
    stat((folder / "uploads/u1").c_str(), &facts);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    for (const fs::path& path : {folder / "uploads", folder / "results", folder / "tmp", results}) {
        stat(path.c_str(), &facts);
        EXPECT_EQ(facts.st_mode & 0777, 0700u) << path;
    }
}

TEST_F(DirectoryBlobStoreTest, ErasingTwiceIsErasingOnce) {
    keep("u1");
    publish("t1", 1);
    for (int time = 0; time < 2; ++time) {
        store.erase_upload(upload_key("u1"));
        store.erase_results("t1");
        EXPECT_FALSE(store.open(upload_key("u1")));
        EXPECT_FALSE(store.open(result_key("t1", 1, "vocals.wav")));
    }
    store.erase_other_epochs("t1", 1);
}

// Results

TEST_F(DirectoryBlobStoreTest, APublishedStemIsReadUnderItsEpoch) {
    publish("t1", 3);
    const auto file = store.open(result_key("t1", 3, "vocals.wav"));
    ASSERT_TRUE(file);
    EXPECT_EQ(read(*file), "stem");
    EXPECT_FALSE(store.open(result_key("t1", 2, "vocals.wav")));
}

TEST_F(DirectoryBlobStoreTest, AnAttemptStartsWithAnEmptyDirectory) {
    publish("t1", 1, "of a run before a power cut");
    const fs::path path = store.create_result_directory("t1", 1);
    EXPECT_EQ(path, folder / "results/t1/1");
    EXPECT_EQ(entries_in(path), 0);
}

TEST_F(DirectoryBlobStoreTest, OnlyTheKeptEpochStays) {
    for (int64_t epoch = 1; epoch <= 3; ++epoch) publish("t1", epoch);
    publish("t2", 1);
    store.erase_other_epochs("t1", 2);
    EXPECT_FALSE(store.open(result_key("t1", 1, "vocals.wav")));
    EXPECT_TRUE(store.open(result_key("t1", 2, "vocals.wav")));
    EXPECT_FALSE(store.open(result_key("t1", 3, "vocals.wav")));
    EXPECT_TRUE(store.open(result_key("t2", 1, "vocals.wav")));
}

TEST_F(DirectoryBlobStoreTest, AnOpenStemIsReadToItsEndThoughErased) {
    publish("t1", 1);
    const auto file = store.open(result_key("t1", 1, "vocals.wav"));
    store.erase_results("t1");
    EXPECT_EQ(read(*file), "stem");
}

TEST_F(DirectoryBlobStoreTest, OnlyRegularFilesArePublished) {
    const fs::path path = store.create_result_directory("t1", 1);
    fs::create_symlink("/etc/passwd", path / "vocals.wav");
    EXPECT_THROW(store.publish_result_directory("t1", 1), Error);
    EXPECT_THROW(store.publish_result_directory("nothing", 1), Error);
}

// The sweep

TEST_F(DirectoryBlobStoreTest, TheSweepFindsWhatIsOldAndNothingElse) {
    keep("old");
    keep("young");
    publish("old-task", 1);
    publish("young-task", 1);
    make_older(folder / "uploads/old", std::chrono::hours(2));
    for (const char* path : {"results/old-task/1/vocals.wav", "results/old-task/1", "results/old-task"})
        make_older(folder / path, std::chrono::hours(2));
    make_older(folder / "results/young-task", std::chrono::hours(2));

    const auto listing = store.list_older_than(hours_ago(1));
    EXPECT_THAT(listing.uploads, ElementsAre("uploads/old"));
    EXPECT_THAT(listing.result_task_ids, ElementsAre("old-task"));
}

TEST_F(DirectoryBlobStoreTest, TheSweepRemovesAbandonedTemporaryFiles) {
    write(folder / "tmp/abandoned", "half");
    store.list_older_than(hours_ago(1));
    EXPECT_EQ(entries_in(folder / "tmp"), 1);
    store.list_older_than(kFuture);
    EXPECT_EQ(entries_in(folder / "tmp"), 0);
}

TEST_F(DirectoryBlobStoreTest, TheSweepLeavesARunningUploadAloneHoweverOldItLooks) {
    const auto blob = store.create();
    blob->append(bytes("half"));
    DirectoryBlobStore(folder.path()).list_older_than(kFuture);
    blob->keep(upload_key("u1"));
    EXPECT_TRUE(store.open(upload_key("u1")));
}

TEST_F(DirectoryBlobStoreTest, TheSweepRemovesTheUploadOfADeadProcess) {
    store::testing::ChildProcess child([&] {
        const auto blob = store.create();
        blob->append(bytes("half"));
        raise(SIGKILL);
    });
    EXPECT_TRUE(store::testing::died_of(child.wait(), SIGKILL));
    ASSERT_EQ(entries_in(folder / "tmp"), 1);
    store.list_older_than(kFuture);
    EXPECT_EQ(entries_in(folder / "tmp"), 0);
}

TEST_F(DirectoryBlobStoreTest, NamesThatAreNotOursAreLeftAlone) {
    write(folder / "uploads/lost and found", "x");
    EXPECT_THAT(store.list_older_than(kFuture).uploads, IsEmpty());
}

TEST_F(DirectoryBlobStoreTest, TheFreeSpaceIsThatOfTheDisk) {
    EXPECT_EQ(store.free_bytes() > 0, fs::space(folder.path()).available > 0);
}

// Failures at every step

// The whole way of an upload and of a result, step by step.
void walk(const fs::path& root, const BeforeStep& before_step) {
    DirectoryBlobStore store(root, before_step);
    const auto blob = store.create();
    blob->append(bytes("music"));
    blob->keep(upload_key("u1"));
    write(store.create_result_directory("t1", 1) / "vocals.wav", "stem");
    store.publish_result_directory("t1", 1);
}

// Calls `fail` before the n-th step, from 0.
BeforeStep fail_at(int n, std::function<void()> fail) {
    return [n, fail = std::move(fail), step = 0](std::string_view) mutable {
        if (step++ == n) fail();
    };
}

int count_steps() {
    const TempFolder folder;
    int steps = 0;
    walk(folder.path(), [&](std::string_view) { ++steps; });
    return steps;
}

TEST(DirectoryBlobStoreFaults, AStepThatFailsLeavesNoUploadUnlessItWasKept) {
    const int steps = count_steps();
    ASSERT_GE(steps, 9);
    for (int n = 0; n < steps; ++n) {
        const TempFolder folder;
        const auto no_space = [] { throw Error(ErrorCode::unavailable, "disk full", "storage_full"); };
        EXPECT_THROW(walk(folder.path(), fail_at(n, no_space)), Error);
        EXPECT_EQ(entries_in(folder / "tmp"), 0) << "step " << n;
        const auto kept = DirectoryBlobStore(folder.path()).open(upload_key("u1"));
        // Steps 0 to 4 are those of the upload.
        EXPECT_EQ(kept.has_value(), n > 4) << "step " << n;
        if (kept) {
            EXPECT_EQ(read(*kept), "music");
        }
    }
}

TEST(DirectoryBlobStoreFaults, AProcessKilledAtAnyStepLeavesNothingHalf) {
    const int steps = count_steps();
    for (int n = 0; n < steps; ++n) {
        const TempFolder folder;
        store::testing::ChildProcess child([&] { walk(folder.path(), fail_at(n, [] { raise(SIGKILL); })); });
        ASSERT_TRUE(store::testing::died_of(child.wait(), SIGKILL));

        DirectoryBlobStore store(folder.path());
        store.list_older_than(kFuture);
        EXPECT_EQ(entries_in(folder / "tmp"), 0) << "step " << n;
        if (const auto kept = store.open(upload_key("u1"))) {
            EXPECT_EQ(read(*kept), "music") << "step " << n;
        }
        EXPECT_NO_THROW(store.create_result_directory("t1", 1));
    }
}

}  // namespace
}  // namespace msst::store::directory
