#include "worker/attempt.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "store/open.h"
#include "support/fake_clock.h"
#include "support/forwarding_task_store.h"
#include "support/simulated_separator.h"
#include "support/song_task.h"

namespace msst::worker {
namespace {

using namespace std::chrono_literals;
using msst::testing::submit_song;
using tasks::TaskStatus;

class TroubledStore final : public msst::testing::ForwardingTaskStore {
public:
    using ForwardingTaskStore::ForwardingTaskStore;

    bool complete(const tasks::Lease& lease, const tasks::TaskResult& result) override {
        if (before_complete) before_complete(lease);
        if (lost_answers > 0) {
            --lost_answers;
            if (is_done_before_silence) ForwardingTaskStore::complete(lease, result);
            throw Error(ErrorCode::unavailable, "the connection broke");
        }
        return ForwardingTaskStore::complete(lease, result);
    }

    std::function<void(const tasks::Lease&)> before_complete;
    int lost_answers = 0;
    bool is_done_before_silence = false;
};

class RunAttempt : public ::testing::Test {
protected:
    AttemptEnd run(const std::string& model_type) {
        task_id = submit_song(*real, *blobs, model_type).task_id;
        const Milliseconds claimed_at = clock.monotonic();
        lease = real->claim("worker", 30s).value();
        return run_attempt({.store = store,
                            .blobs = *blobs,
                            .separators = separators,
                            .clock = clock,
                            .log = log,
                            .lease = 30s,
                            .max_audio_seconds = max_audio_seconds},
                           lease, claimed_at);
    }

    tasks::Task task() { return real->find(task_id).value(); }

    int result_files() const {
        int count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "results"))
            if (entry.is_regular_file()) ++count;
        return count;
    }
    bool has_upload() { return blobs->open(lease.task.input_key).has_value(); }

    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    Log log{folder / "log", LogLevel::info};
    std::unique_ptr<tasks::TaskStore> real = store::open_task_store(folder.path(), clock);
    std::unique_ptr<tasks::BlobStore> blobs = store::open_blob_store(folder.path());
    TroubledStore store{*real};
    SeparatorCache separators{[this](const std::string& model_type, const auto&) {
        if (model_type == "damaged") throw Error(ErrorCode::invalid_input, "/models/x.ckpt is cut off");
        return std::make_shared<msst::testing::SimulatedSeparator>(model_type, folder / "gate");
    }};
    double max_audio_seconds = 0;
    std::string task_id;
    tasks::Lease lease;
};

TEST_F(RunAttempt, PublishesTheStemsWithTheirFacts) {
    EXPECT_EQ(run("copy"), AttemptEnd::completed);

    const tasks::Task done = task();
    EXPECT_EQ(done.status, TaskStatus::completed);
    EXPECT_EQ(done.progress, 100);
    EXPECT_DOUBLE_EQ(done.result->audio_seconds, 0.5);
    ASSERT_EQ(done.result->sources.size(), 1U);
    const tasks::StemFile& stem = done.result->sources[0];
    EXPECT_EQ(stem.filename, "vocals.wav");
    EXPECT_EQ(stem.content_type, "audio/wav");
    EXPECT_DOUBLE_EQ(stem.duration_seconds, 0.5);
    EXPECT_NEAR(stem.peak_dbfs, -12.04, 0.01);
    const auto file = blobs->open(tasks::result_key(task_id, done.epoch, stem.filename));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->size_bytes, stem.size_bytes);
    EXPECT_FALSE(has_upload());
}

TEST_F(RunAttempt, ErasesWhatEarlierEpochsLeft) {
    task_id = submit_song(*real, *blobs, "copy").task_id;
    const auto first = real->claim("gone", 30s).value();
    std::ofstream(blobs->create_result_directory(task_id, first.epoch) / "vocals.wav") << "half";
    real->release(first);
    lease = real->claim("worker", 30s).value();

    EXPECT_EQ(
        run_attempt({.store = store, .blobs = *blobs, .separators = separators, .clock = clock, .log = log},
                    lease, clock.monotonic()),
        AttemptEnd::completed);
    EXPECT_EQ(task().epoch, 2);
    EXPECT_EQ(result_files(), 1);
}

TEST_F(RunAttempt, DropsTheResultWhenItIsFenced) {
    store.before_complete = [this](const tasks::Lease& held) {
        real->release(held);
        real->claim("other", 30s);
    };
    EXPECT_EQ(run("copy"), AttemptEnd::lost);

    EXPECT_EQ(task().status, TaskStatus::processing);
    EXPECT_EQ(task().worker, "other");
    EXPECT_EQ(result_files(), 0);
    EXPECT_TRUE(has_upload());
}

TEST_F(RunAttempt, RepeatsACompletionWhoseAnswerWasLost) {
    store.lost_answers = 2;

    EXPECT_EQ(run("copy"), AttemptEnd::completed);
    EXPECT_EQ(result_files(), 1);
}

TEST_F(RunAttempt, SeesThatACompletionWasDoneThoughItsAnswerWasLost) {
    store.lost_answers = 1;
    store.is_done_before_silence = true;

    EXPECT_EQ(run("copy"), AttemptEnd::completed);
    EXPECT_EQ(task().status, TaskStatus::completed);
    EXPECT_EQ(result_files(), 1);
}

TEST_F(RunAttempt, SaysThatAnEndIsNotAcceptedWithItsTaskTheTriesAndTheReason) {
    store.lost_answers = 12;

    EXPECT_EQ(run("copy"), AttemptEnd::completed);
    std::vector<nlohmann::json> told;
    std::istringstream log_lines(read_file(folder / "log"));
    for (std::string line; std::getline(log_lines, line);) {
        auto entry = nlohmann::json::parse(line);
        if (entry["event"] == "end_not_accepted") told.push_back(std::move(entry));
    }
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["task_id"], task_id);
    EXPECT_EQ(told[0]["end"], "completed");
    EXPECT_EQ(told[0]["tries"], 10);
    EXPECT_EQ(told[0]["error"], "the connection broke");
}

TEST_F(RunAttempt, KeepsTheFilesWhenNobodyKnowsWhetherTheyCount) {
    store.lost_answers = 1;
    store.is_done_before_silence = true;
    store.before_complete = [this](const auto&) { clock.advance(60s); };

    EXPECT_EQ(run("copy"), AttemptEnd::lost);
    EXPECT_EQ(task().status, TaskStatus::completed);
    EXPECT_EQ(result_files(), 1);
}

TEST_F(RunAttempt, FailsASongThatIsTooLong) {
    max_audio_seconds = 0.1;
    EXPECT_EQ(run("copy"), AttemptEnd::failed);

    EXPECT_EQ(task().error->code, "audio_too_long");
    EXPECT_EQ(result_files(), 0);
    EXPECT_FALSE(has_upload());
}

TEST_F(RunAttempt, FailsATaskWhoseUploadIsGone) {
    store.before_complete = nullptr;
    const tasks::Task added = submit_song(*real, *blobs, "copy");
    blobs->erase_upload(added.input_key);
    lease = real->claim("worker", 30s).value();
    task_id = added.task_id;

    EXPECT_EQ(
        run_attempt({.store = store, .blobs = *blobs, .separators = separators, .clock = clock, .log = log},
                    lease, clock.monotonic()),
        AttemptEnd::failed);
    EXPECT_EQ(task().error->code, "internal_error");
}

TEST_F(RunAttempt, NamesADamagedModelWithoutItsPath) {
    EXPECT_EQ(run("damaged"), AttemptEnd::failed);

    EXPECT_EQ(task().error->code, "model_invalid");
    EXPECT_EQ(task().error->message.find('/'), std::string::npos);
    EXPECT_NE(read_file(folder / "log").find("/models/x.ckpt is cut off"), std::string::npos);
}

TEST_F(RunAttempt, DistrustsTheProcessAfterAnUnknownError) {
    EXPECT_EQ(run("memory"), AttemptEnd::tainted);

    EXPECT_EQ(task().status, TaskStatus::failed);
}

}  // namespace
}  // namespace msst::worker
