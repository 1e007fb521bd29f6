#include "supervisor/supervisor.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/open.h"
#include "support/eventually.h"
#include "support/song_task.h"
#include "support/temp_folder.h"

namespace msst::supervisor {
namespace {

using namespace std::chrono_literals;
using msst::testing::eventually;
using msst::testing::submit_song;
using tasks::TaskStatus;

// A server without HTTP: real stores, a real supervisor, real processes with simulated separators.
class Service : public ::testing::Test {
protected:
    ~Service() override {
        supervisor.reset();
        if (HasFailure()) std::cout << read_file(folder / "log");
    }

    SupervisorOptions options() {
        return {.slots = {{.name = "cpu", .device = "cpu"}},
                .node = "test",
                .command =
                    [this](const WorkerSlot& slot, const std::string& worker_id) {
                        return WorkerCommand{
                            .program = MSST_SIMULATED_WORKER,
                            .arguments = {"work", folder.path().string(), worker_id,
                                          std::to_string(lease.count()), std::to_string(max_tasks),
                                          slot.device, std::to_string(memory.at(slot.device))}};
                    },
                .task_back_off = 50ms,
                .silence_timeout = 60s,
                .progress_timeout = 60s,
                .reap_interval = 100ms,
                .shortest_restart = 10ms,
                .longest_restart = 200ms,
                .drain_grace = 60s};
    }

    void start(const SupervisorOptions& chosen) {
        supervisor = std::make_unique<Supervisor>(chosen, *store, clock, log);
        supervisor->start();
    }
    void start() { start(options()); }

    std::string submit(const std::string& model_type, int64_t device_bytes = 0) {
        const std::string id = submit_song(*store, *blobs, model_type, /*seconds=*/0.5, device_bytes).task_id;
        if (supervisor) supervisor->wake();
        return id;
    }

    tasks::Task find(const std::string& id) { return store->find(id).value(); }

    bool becomes(const std::string& id, TaskStatus status) {
        return eventually([&] { return find(id).status == status; });
    }

    // The worker is inside the task, between two looks at the gate.
    bool is_separating(const std::string& id) {
        return eventually([&] { return find(id).stage == tasks::Stage::separating; });
    }

    int worker_pid() const { return supervisor->status().slots.at(0).pid; }

    void open_gate() const { std::ofstream(folder / "gate"); }

    // Names of the result directories of a task.
    std::vector<std::string> epochs(const std::string& id) const {
        std::vector<std::string> names;
        const auto results = folder / "results" / id;
        if (!std::filesystem::exists(results)) return names;
        for (const auto& entry : std::filesystem::directory_iterator(results))
            names.push_back(entry.path().filename().string());
        return names;
    }

    // How many events of this name are in the log.
    int logged(const std::string& event) const {
        const std::string log_text = read_file(folder / "log");
        const std::string wanted = "\"event\":\"" + event + "\"";
        int count = 0;
        for (size_t at = log_text.find(wanted); at != std::string::npos; at = log_text.find(wanted, at + 1))
            ++count;
        return count;
    }

    bool has_upload(const tasks::Task& task) { return blobs->open(task.input_key).has_value(); }

    msst::testing::TempFolder folder;
    Milliseconds lease{60'000};
    int max_tasks = 1'000;
    std::map<std::string, int64_t> memory = {{"cpu", 1'000}};  // of each device
    SystemClock clock;
    Log log{folder / "log", LogLevel::info};
    std::unique_ptr<tasks::TaskStore> store = store::open_task_store(folder.path(), clock);
    std::unique_ptr<tasks::BlobStore> blobs = store::open_blob_store(folder.path());
    std::unique_ptr<Supervisor> supervisor;
};

TEST_F(Service, RunsATaskAndErasesItsUpload) {
    start();
    const std::string id = submit("copy");

    ASSERT_TRUE(becomes(id, TaskStatus::completed));
    const tasks::Task task = find(id);
    ASSERT_EQ(task.result->sources.size(), 1U);
    EXPECT_EQ(task.result->sources[0].name, "vocals");
    EXPECT_TRUE(blobs->open(tasks::result_key(id, task.epoch, task.result->sources[0].filename)));
    EXPECT_TRUE(eventually([&] { return !has_upload(task); }));
}

TEST_F(Service, ATaskWhoseWorkerIsKilledCompletesOnTheSecondAttempt) {
    start();
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    ASSERT_EQ(epochs(id), std::vector<std::string>{"1"});
    ::kill(worker_pid(), SIGKILL);
    open_gate();

    ASSERT_TRUE(becomes(id, TaskStatus::completed));
    EXPECT_EQ(find(id).epoch, 2);
    EXPECT_EQ(find(id).lease_losses, 1);
    EXPECT_TRUE(eventually([&] { return epochs(id) == std::vector<std::string>{"2"}; }));
    EXPECT_EQ(supervisor->status().restarts(), 1);
}

TEST_F(Service, APoisonousTaskFailsAndTheOthersGoOn) {
    start();
    const std::string poison = submit("crash");
    std::vector<std::string> good;
    for (int i = 0; i < 5; ++i) good.push_back(submit("copy"));

    ASSERT_TRUE(becomes(poison, TaskStatus::failed));
    EXPECT_EQ(find(poison).error->code, "worker_crashed");
    EXPECT_EQ(find(poison).epoch, 3);
    for (const std::string& id : good) EXPECT_TRUE(becomes(id, TaskStatus::completed));
}

TEST_F(Service, AnErrorTheSongIsToBlameForFailsTheTaskAndKeepsTheWorker) {
    start();
    const std::string id = submit("refuse");

    ASSERT_TRUE(becomes(id, TaskStatus::failed));
    EXPECT_EQ(find(id).error->code, "invalid_audio");
    EXPECT_EQ(find(id).error->message, "the song is refused");
    EXPECT_TRUE(becomes(submit("copy"), TaskStatus::completed));
    EXPECT_EQ(supervisor->status().restarts(), 0);
}

TEST_F(Service, AnInternalErrorFailsTheTaskAndExchangesTheWorker) {
    start();
    const std::string id = submit("memory");

    ASSERT_TRUE(becomes(id, TaskStatus::failed));
    EXPECT_EQ(find(id).error->code, "internal_error");
    EXPECT_EQ(find(id).epoch, 1);
    EXPECT_TRUE(becomes(submit("copy"), TaskStatus::completed));
    EXPECT_EQ(supervisor->status().restarts(), 1);
}

TEST_F(Service, AWorkerWhoseTaskDoesNotAdvanceIsReplaced) {
    SupervisorOptions impatient = options();
    impatient.progress_timeout = 5s;
    impatient.max_attempts = 1;
    start(impatient);
    const std::string id = submit("stubborn");

    ASSERT_TRUE(becomes(id, TaskStatus::failed));
    EXPECT_EQ(find(id).error->code, "worker_crashed");
    EXPECT_TRUE(becomes(submit("copy"), TaskStatus::completed));
}

TEST_F(Service, AStoppedWorkerIsReplaced) {
    SupervisorOptions impatient = options();
    impatient.silence_timeout = 5s;
    start(impatient);
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    ::kill(worker_pid(), SIGSTOP);
    open_gate();

    ASSERT_TRUE(becomes(id, TaskStatus::completed));
    EXPECT_EQ(find(id).epoch, 2);
}

TEST_F(Service, AZombieThatWakesAfterItsLeasePublishesNothing) {
    lease = 3s;
    start();
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    const int zombie = worker_pid();
    ::kill(zombie, SIGSTOP);
    ASSERT_TRUE(becomes(id, TaskStatus::pending));

    ASSERT_TRUE(eventually([&] { return store->claim("elsewhere", 60s).has_value(); }));
    open_gate();
    ::kill(zombie, SIGCONT);

    EXPECT_TRUE(eventually([&] { return epochs(id).empty(); }));
    EXPECT_EQ(find(id).status, TaskStatus::processing);
    EXPECT_EQ(find(id).worker, "elsewhere");
    EXPECT_EQ(worker_pid(), zombie);
}

TEST_F(Service, ARunningTaskStopsWhenCancelled) {
    start();
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    const tasks::Task task = find(id);
    ASSERT_EQ(store->cancel(id), tasks::CancelOutcome::requested);

    ASSERT_TRUE(becomes(id, TaskStatus::cancelled)) << "while the gate is shut";
    EXPECT_TRUE(eventually([&] { return epochs(id).empty() && !has_upload(task); }));
    EXPECT_EQ(supervisor->status().restarts(), 0);
}

TEST_F(Service, DrainingLetsATaskFinish) {
    start();
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    supervisor->begin_drain(20s);
    EXPECT_TRUE(supervisor->status().is_draining) << "at once";
    open_gate();
    supervisor->finish_drain();

    EXPECT_EQ(find(id).status, TaskStatus::completed);
    EXPECT_EQ(supervisor->status().alive(), 0);
}

TEST_F(Service, DrainingGivesAnUnfinishedTaskBackWithoutCounting) {
    start();
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    supervisor->begin_drain(100ms);
    supervisor->finish_drain();

    EXPECT_EQ(find(id).status, TaskStatus::pending);
    EXPECT_EQ(find(id).lease_losses, 0);
    EXPECT_TRUE(epochs(id).empty());
    EXPECT_EQ(supervisor->status().slots.at(0).last_exit, "exited with status 0");
}

TEST_F(Service, DrainingDoesNotCountAWorkerThatHadToBeKilled) {
    SupervisorOptions impatient = options();
    impatient.drain_grace = 100ms;
    start(impatient);
    const std::string id = submit("stubborn");
    ASSERT_TRUE(is_separating(id));
    supervisor->begin_drain(0s);
    supervisor->finish_drain();

    EXPECT_EQ(find(id).status, TaskStatus::pending);
    EXPECT_EQ(find(id).lease_losses, 0);
}

TEST_F(Service, TasksOfAnEarlierLifeAreTakenUpAgainWithoutCounting) {
    const std::string id = submit("copy");
    ASSERT_TRUE(store->claim("test/cpu/before", 60s));
    start();

    ASSERT_TRUE(becomes(id, TaskStatus::completed));
    EXPECT_EQ(find(id).lease_losses, 0);
}

TEST_F(Service, TasksOfAnotherServerAreLeftToIt) {
    const std::string id = submit("copy");
    ASSERT_TRUE(store->claim("test-2/cpu/elsewhere", 60s));
    start();
    ASSERT_TRUE(becomes(submit("copy"), TaskStatus::completed));

    EXPECT_EQ(find(id).worker, "test-2/cpu/elsewhere");
}

// Two devices of different size.
class Devices : public Service {
protected:
    Devices() { memory = {{"small", 500}, {"large", 1'000}}; }

    void start_both() {
        SupervisorOptions both = options();
        both.slots = {{.name = "small-0", .device = "small"}, {.name = "large-1", .device = "large"}};
        start(both);
    }
};

TEST_F(Devices, RunTasksAtTheSameTime) {
    start_both();
    const std::string one = submit("gate");
    const std::string other = submit("gate");
    ASSERT_TRUE(is_separating(one));
    ASSERT_TRUE(is_separating(other));
    EXPECT_NE(find(one).device, find(other).device);
    EXPECT_EQ(supervisor->status().busy(), 2);
    open_gate();
    EXPECT_TRUE(becomes(one, TaskStatus::completed));
    EXPECT_TRUE(becomes(other, TaskStatus::completed));
}

TEST_F(Devices, TakeOnlyTasksThatTheyHaveTheMemoryFor) {
    start_both();
    const std::string first = submit("gate", 800);
    const std::string second = submit("gate", 800);
    const std::string third = submit("gate", 500);
    ASSERT_TRUE(is_separating(first));
    ASSERT_TRUE(is_separating(third));
    EXPECT_EQ(find(first).device, "large");
    EXPECT_EQ(find(second).status, TaskStatus::pending);
    EXPECT_EQ(find(third).device, "small");
    open_gate();
    EXPECT_TRUE(becomes(second, TaskStatus::completed));
    EXPECT_EQ(find(second).device, "large");
}

TEST_F(Devices, ThatAreAllTooSmallForATaskFailItWithBothNumbers) {
    const std::string hopeless = submit("copy", 1'001);
    const std::string good = submit("copy", 1'000);
    start_both();
    ASSERT_TRUE(becomes(hopeless, TaskStatus::failed));
    EXPECT_EQ(find(hopeless).error->code, "model_unavailable");
    EXPECT_THAT(find(hopeless).error->message,
                ::testing::AllOf(::testing::HasSubstr("1001"), ::testing::HasSubstr("1000")));
    EXPECT_TRUE(becomes(good, TaskStatus::completed));
}

TEST_F(Devices, AreToldWithTheirMemoryAndTheModelTheyHold) {
    start_both();
    ASSERT_TRUE(becomes(submit("copy", 800), TaskStatus::completed));
    ASSERT_TRUE(eventually([&] { return supervisor->status().slots.at(1).model == "copy"; }));
    ASSERT_TRUE(eventually([&] { return supervisor->status().largest_device() == 1'000; }));
    EXPECT_EQ(supervisor->status().slots.at(0).memory->total_bytes, 500);
    EXPECT_EQ(supervisor->status().slots.at(0).model, "");
}

TEST_F(Service, AWorkerThatAbortsIsStartedAgainAfterEverLongerPauses) {
    SupervisorOptions slow = options();
    slow.shortest_restart = 200ms;
    slow.longest_restart = 10s;
    slow.task_back_off = 0ms;
    start(slow);
    const auto begin = clock.monotonic();
    ASSERT_TRUE(becomes(submit("crash"), TaskStatus::failed));
    EXPECT_GE(clock.monotonic() - begin, 450ms) << "three quarters of 200 ms and of 400 ms";
}

TEST_F(Service, AWorkerThatHasDoneItsShareIsExchangedWithoutCounting) {
    max_tasks = 1;
    start();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(becomes(submit("copy"), TaskStatus::completed));

    EXPECT_TRUE(eventually([&] { return logged("worker_stopped") >= 3; })) << "a fresh process for each";
    EXPECT_EQ(supervisor->status().restarts(), 0);
}

TEST_F(Service, AProgramThatCannotBeStartedIsReportedAndTriedAgain) {
    SupervisorOptions broken = options();
    int starts = 0;
    broken.command = [&](const WorkerSlot&, const std::string&) {
        ++starts;
        return WorkerCommand{.program = folder / "absent", .arguments = {}};
    };
    start(broken);

    EXPECT_TRUE(
        eventually([&] { return supervisor->status().slots.at(0).last_exit == "could not be started"; }));
    EXPECT_EQ(supervisor->status().alive(), 0);
    supervisor->begin_drain(0s);
    supervisor->finish_drain();
    EXPECT_GE(starts, 1);
}

TEST_F(Service, WorkersEndWithTheirServer) {
    start();
    const std::string id = submit("gate");
    ASSERT_TRUE(is_separating(id));
    const int pid = worker_pid();
    supervisor.reset();

    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(find(id).status, TaskStatus::pending);
}

}  // namespace
}  // namespace msst::supervisor
