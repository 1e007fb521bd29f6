#include "supervisor/janitor.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "store/open.h"
#include "support/fake_clock.h"
#include "support/song_task.h"
#include "support/temp_folder.h"

namespace msst::supervisor {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using msst::testing::submit_song;

class Sweep : public ::testing::Test {
protected:
    tasks::Task find(const std::string& id) { return store->find(id).value(); }

    tasks::Lease claim() { return store->claim("worker", std::chrono::hours(1'000)).value(); }

    // As a worker that crashed before it could tidy up: upload and stems are there.
    void write_stem(const tasks::Lease& lease) {
        std::ofstream(blobs->create_result_directory(lease.task.task_id, lease.epoch) / "vocals.wav") << "x";
    }
    tasks::Task complete_one() {
        const std::string id = submit_song(*store, *blobs, "copy").task_id;
        const tasks::Lease lease = claim();
        write_stem(lease);
        EXPECT_TRUE(store->complete(lease, {}));
        return find(id);
    }
    tasks::Task fail_one() {
        const std::string id = submit_song(*store, *blobs, "copy").task_id;
        const tasks::Lease lease = claim();
        write_stem(lease);
        EXPECT_TRUE(store->fail(lease, {.code = "internal_error", .message = "x"}));
        return find(id);
    }

    bool has_upload(const tasks::Task& task) { return blobs->open(task.input_key).has_value(); }
    bool has_results(const tasks::Task& task) const { return fs::exists(folder / "results" / task.task_id); }

    // File times are the system's; the fake clock starts there.
    void make_files_old() {
        for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
            fs::last_write_time(entry.path(),
                                fs::file_time_type::clock::now() - std::chrono::hours(24 * 400));
    }

    void sweep() { janitor.sweep(std::stop_token()); }

    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    Log log{"", LogLevel::info};
    std::unique_ptr<tasks::TaskStore> store = store::open_task_store(folder.path(), clock);
    std::unique_ptr<tasks::BlobStore> blobs = store::open_blob_store(folder.path());
    Janitor janitor{
        *store,
        *blobs,
        clock,
        log,
        {.completed_retention = 24h, .failed_retention = 12h, .record_retention = 168h, .batch = 2}};
};

TEST_F(Sweep, ErasesTheAudioOfACompletedTaskWhenItsTimeIsOver) {
    const tasks::Task task = complete_one();
    clock.advance(24h - 1s);
    sweep();
    EXPECT_TRUE(has_results(task));

    clock.advance(2s);
    sweep();
    EXPECT_FALSE(has_results(task));
    EXPECT_FALSE(has_upload(task));
    EXPECT_TRUE(find(task.task_id).files_deleted_at.has_value());
    EXPECT_EQ(find(task.task_id).status, tasks::TaskStatus::completed);
}

TEST_F(Sweep, ErasesWhatAFailedTaskLeftAfterATimeOfItsOwn) {
    const tasks::Task failed = fail_one();
    const tasks::Task completed = complete_one();
    clock.advance(13h);
    sweep();

    EXPECT_FALSE(has_results(failed));
    EXPECT_FALSE(has_upload(failed));
    EXPECT_TRUE(has_results(completed));
}

TEST_F(Sweep, ErasesTheRecordLast) {
    const tasks::Task task = complete_one();
    clock.advance(168h - 1s);
    sweep();
    EXPECT_TRUE(store->find(task.task_id).has_value());

    clock.advance(2s);
    sweep();
    EXPECT_FALSE(store->find(task.task_id).has_value());
}

TEST_F(Sweep, WorksThroughMoreThanOneBatch) {
    for (int i = 0; i < 5; ++i) complete_one();
    clock.advance(25h);
    sweep();

    EXPECT_TRUE(fs::is_empty(folder / "results"));
}

TEST_F(Sweep, NeverTouchesWhatIsPendingOrRunning) {
    const tasks::Task running = submit_song(*store, *blobs, "copy");
    write_stem(claim());
    const tasks::Task pending = submit_song(*store, *blobs, "copy");
    make_files_old();
    clock.advance(500h);
    sweep();

    EXPECT_TRUE(has_upload(running));
    EXPECT_TRUE(has_results(running));
    EXPECT_TRUE(has_upload(pending));
    EXPECT_EQ(find(running.task_id).status, tasks::TaskStatus::processing);
}

TEST_F(Sweep, ErasesOldFilesThatNoTaskKnows) {
    const auto upload = blobs->create();
    upload->keep(tasks::upload_key("orphan"));
    const std::string unknown = "0199aaaa-0000-7000-8000-000000000000";
    std::ofstream(blobs->create_result_directory(unknown, 1) / "vocals.wav") << "x";
    make_files_old();
    sweep();

    EXPECT_FALSE(blobs->open(tasks::upload_key("orphan")).has_value());
    EXPECT_FALSE(fs::exists(folder / "results" / unknown));
}

TEST_F(Sweep, LeavesYoungFilesAlone) {
    clock.set_wall(std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()));
    const auto upload = blobs->create();
    upload->keep(tasks::upload_key("fresh"));
    sweep();

    EXPECT_TRUE(blobs->open(tasks::upload_key("fresh")).has_value());
}

TEST_F(Sweep, ErasesEpochsThatDoNotCount) {
    const std::string id = submit_song(*store, *blobs, "copy").task_id;
    const tasks::Lease zombie = claim();
    write_stem(zombie);
    store->release(zombie);
    const tasks::Lease lease = claim();
    write_stem(lease);
    store->complete(lease, {});
    make_files_old();
    sweep();

    EXPECT_FALSE(fs::exists(folder / "results" / id / "1"));
    EXPECT_TRUE(fs::exists(folder / "results" / id / "2" / "vocals.wav"));
}

TEST_F(Sweep, ForgetsIdempotencyKeysAfterADay) {
    tasks::NewTask task;
    task.request.model_type = "copy";
    task.request.instruments = {"vocals"};
    task.input_key = "uploads/x";
    task.idempotency_key = "key";
    store->add(task, 10);
    clock.advance(25h);
    sweep();

    EXPECT_FALSE(store->find_by_idempotency_key("", "key").has_value());
}

TEST_F(Sweep, StopsBetweenStepsWhenTold) {
    const tasks::Task task = complete_one();
    clock.advance(25h);
    std::stop_source stop;
    stop.request_stop();
    janitor.sweep(stop.get_token());

    EXPECT_TRUE(has_results(task));
}

}  // namespace
}  // namespace msst::supervisor
