#include "store/sqlite/task_store.h"

#include <atomic>
#include <fstream>
#include <functional>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/error.h"
#include "store/child_process.h"
#include "store/sqlite/migrations.h"
#include "store/task_samples.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::store::sqlite {
namespace {

using namespace std::chrono_literals;
using store::testing::ChildProcess;
using store::testing::kRoomForAll;
using store::testing::song;
using store::testing::stems;
using ::testing::ElementsAre;

constexpr int kIdBytes = 36;

class SqliteTaskStoreTest : public ::testing::Test {
protected:
    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    std::filesystem::path file = folder / "msst.db";

    // Every row of the query's first column.
    std::vector<std::string> read(const std::string& sql) {
        Database database(file, Database::Access::read_only);
        Statement query = database.prepare(sql);
        std::vector<std::string> rows;
        while (query.step()) rows.push_back(query.text(0));
        return rows;
    }
    // The sums that triggers keep, compared with those of the rows.
    void expect_totals_to_be_right() {
        EXPECT_THAT(read("SELECT status FROM totals LEFT JOIN (SELECT status, count(*) AS tasks,"
                         " count(waited_ms) AS waits, total(waited_ms) AS waited_ms,"
                         " total(processing_ms) AS processing_ms, total(audio_ms) AS audio_ms"
                         " FROM tasks GROUP BY status) AS real USING (status)"
                         " WHERE totals.tasks <> coalesce(real.tasks, 0)"
                         "    OR totals.waits <> coalesce(real.waits, 0)"
                         "    OR totals.waited_ms <> coalesce(real.waited_ms, 0)"
                         "    OR totals.processing_ms <> coalesce(real.processing_ms, 0)"
                         "    OR totals.audio_ms <> coalesce(real.audio_ms, 0)"),
                    ElementsAre());
    }
};

TEST_F(SqliteTaskStoreTest, RemembersHowEveryAttemptEnded) {
    SqliteTaskStore store(file, clock);
    store.add(song(), kRoomForAll);
    store.release(*store.claim("a", 30s));
    store.claim("b", 30s);
    store.give_back("b", /*max_losses=*/9, /*back_off=*/0s);
    store.claim("c", 30s);
    clock.advance(30s);
    store.reap(/*max_losses=*/9, /*back_off=*/0s);
    store.complete(*store.claim("d", 30s), stems());

    EXPECT_THAT(read("SELECT epoch || ' ' || worker || ' ' || outcome FROM attempts ORDER BY attempt_id"),
                ElementsAre("1 a released", "2 b worker_died", "3 c lease_expired", "4 d completed"));
    EXPECT_THAT(read("SELECT ended_at - started_at FROM attempts WHERE epoch = 3"), ElementsAre("30000"));
}

TEST_F(SqliteTaskStoreTest, ForgetsTheAttemptsOfAnErasedTask) {
    SqliteTaskStore store(file, clock);
    const auto task = *store.add(song(), kRoomForAll).task;
    store.complete(*store.claim("a", 30s), stems());
    store.erase(task.task_id);
    EXPECT_THAT(read("SELECT count(*) FROM attempts"), ElementsAre("0"));
}

TEST_F(SqliteTaskStoreTest, TheDatabaseItselfRefusesToChangeAFinalState) {
    SqliteTaskStore store(file, clock);
    const auto task = *store.add(song(), kRoomForAll).task;
    store.cancel(task.task_id);
    Database database(file, Database::Access::read_write);
    EXPECT_THROW(
        database.run("UPDATE tasks SET status = 'pending', finished_at = NULL, finished_tick = NULL"), Error);
    EXPECT_THROW(database.run("INSERT INTO attempts VALUES (1, 't', 1, 'w', 1, 2, 'wandered off')"), Error);
}

TEST_F(SqliteTaskStoreTest, SilentKeysAreForgotten) {
    SqliteTaskStore store(file, clock);
    for (int i = 0; i < 100; ++i) store.count_request("old " + std::to_string(i), /*limit=*/10);
    clock.advance(2h);
    for (int i = 0; i < 100; ++i) store.count_request("new " + std::to_string(i), /*limit=*/10);
    EXPECT_THAT(read("SELECT count(*) FROM rate_keys"), ElementsAre("100"));
    EXPECT_THAT(read("SELECT count(*) FROM rate_events"), ElementsAre("100"));
}

// Counts the steps of SQLite's machine in every connection that is opened while it lives.
class CountedSteps {
public:
    CountedSteps() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
    ~CountedSteps() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
    CountedSteps(const CountedSteps&) = delete;
    CountedSteps& operator=(const CountedSteps&) = delete;

    static int64_t of(const std::function<void()>& work) {
        const int64_t before = steps;
        work();
        return steps - before;
    }

private:
    static int watch(sqlite3* connection, const char**, const void*) {
        const auto count = [](void*) {
            ++steps;
            return 0;
        };
        sqlite3_progress_handler(connection, /*steps=*/1, count, nullptr);
        return SQLITE_OK;
    }
    static inline std::atomic<int64_t> steps = 0;
};

TEST_F(SqliteTaskStoreTest, StatisticsCostTheSameHoweverManyTasksThereAre) {
    const CountedSteps counted;
    SqliteTaskStore store(file, clock);
    const auto complete_tasks = [&](int count) {
        for (int i = 0; i < count; ++i) {
            store.add(song(), kRoomForAll);
            store.complete(*store.claim("worker", 30s), stems());
        }
    };
    complete_tasks(5);
    clock.advance(2min);
    store.statistics();  // prepares its statements
    const int64_t of_few = CountedSteps::of([&] { EXPECT_EQ(store.statistics().completed_24h, 5); });
    EXPECT_GT(of_few, 0);

    clock.advance(-2min);
    complete_tasks(200);
    clock.advance(2min);
    const int64_t of_many = CountedSteps::of([&] { EXPECT_EQ(store.statistics().completed_24h, 205); });
    EXPECT_LE(of_many, of_few + 50);
}

TEST_F(SqliteTaskStoreTest, TheLastDayIsExactWithinItsFirstMinute) {
    SqliteTaskStore store(file, clock);
    for (int i = 0; i < 4; ++i) {
        store.add(song(), kRoomForAll);
        store.complete(*store.claim("worker", 30s), stems());
        clock.advance(20s);
    }
    clock.advance(24h - 80s);
    EXPECT_EQ(store.statistics().completed_24h, 3);
    clock.advance(20s);
    EXPECT_EQ(store.statistics().completed_24h, 2);
    clock.advance(60s);
    EXPECT_EQ(store.statistics().completed_24h, 0);
}

TEST_F(SqliteTaskStoreTest, ADatabaseOfTheFirstVersionKeepsItsTasksAndTheirNumbers) {
    {
        std::ofstream(file).close();
        Database database(file, Database::Access::read_write);
        database.execute(migration_texts()[0]);
        database.execute("PRAGMA application_id = 1836282740; PRAGMA user_version = 1");
        const int64_t now = clock.now().time_since_epoch().count();
        for (const char* id : {"a", "b"})
            database.run(
                "INSERT INTO tasks (task_id, owner, status, model_type, request, input, input_key, "
                "created_at,"
                " created_tick, finished_at, finished_tick, result) VALUES (?1, '', 'completed', 'dsp', '{}',"
                " '{}', 'k', ?2, ?2, ?2, ?2, '{}')",
                id, now);
        database.run(
            "INSERT INTO tasks (task_id, owner, model_type, request, input, input_key, created_at,"
            " created_tick) VALUES ('c', '', 'dsp', '{}', '{}', 'k', ?1, ?1)",
            now);
    }
    SqliteTaskStore store(file, clock);
    EXPECT_EQ(store.statistics().completed_24h, 2);
    EXPECT_EQ(store.claim("worker", 30s)->task.task_id, "c");
    EXPECT_TRUE(store.erase("a"));
    EXPECT_EQ(store.statistics().completed_24h, 1);
}

// Every list reads its page from an index in order: no sorting of all rows, no scan of all rows.
TEST_F(SqliteTaskStoreTest, TheQueueAndTheListsAreReadFromIndexes) {
    SqliteTaskStore store(file, clock);
    const std::string filters[] = {"",
                                   " AND owner = ?3",
                                   " AND status = ?5",
                                   " AND owner = ?3 AND status = ?5",
                                   " AND model_type = ?4 AND status = ?5",
                                   " AND owner = ?3 AND model_type = ?4 AND status = ?5"};
    for (const std::string& filter : filters) {
        Database database(file, Database::Access::read_only);
        Statement plan = database.prepare("EXPLAIN QUERY PLAN SELECT task_id FROM tasks WHERE task_id < ?1" +
                                          filter + " ORDER BY task_id DESC LIMIT ?2");
        while (plan.step()) {
            EXPECT_THAT(plan.text(3), ::testing::StartsWith("SEARCH tasks USING COVERING INDEX")) << filter;
            EXPECT_THAT(plan.text(3), ::testing::HasSubstr("task_id<?")) << filter;
        }
    }
}

// A process that reports each task over a pipe once it is added or completed, and is killed at any moment.
class ReportingProcess {
public:
    ReportingProcess(const std::filesystem::path& file, const Clock& clock) {
        EXPECT_EQ(pipe(pipe_), 0);
        child_ = std::make_unique<ChildProcess>([&] {
            SqliteTaskStore store(file, clock);
            while (true) {
                report('a', store.add(song(), kRoomForAll).task->task_id);
                const auto lease = store.claim("worker", 30s);
                if (lease && store.complete(*lease, stems())) report('c', lease->task.task_id);
            }
        });
        close(pipe_[1]);
    }
    ~ReportingProcess() { close(pipe_[0]); }

    void kill() { child_->kill_and_wait(); }

    // Reads one report into the set it belongs to; false: the process is dead and everything read.
    bool read(std::set<std::string>& added, std::set<std::string>& completed) {
        char report[1 + kIdBytes];
        if (::read(pipe_[0], report, sizeof report) != sizeof report) return false;
        (report[0] == 'a' ? added : completed).insert(std::string(report + 1, kIdBytes));
        return true;
    }

private:
    void report(char what, const std::string& id) {
        const std::string text = what + id;  // shorter than PIPE_BUF: written whole or not at all
        if (write(pipe_[1], text.data(), text.size()) < 0) _exit(1);
    }

    int pipe_[2] = {-1, -1};
    std::unique_ptr<ChildProcess> child_;
};

TEST_F(SqliteTaskStoreTest, WhatWasAnsweredSurvivesAKillAtAnyMoment) {
    std::minstd_rand random(/*seed=*/1);
    std::set<std::string> added, completed;
    for (int round = 0; round < 15; ++round) {
        ReportingProcess process(file, clock);
        const auto reports = 1 + random() % 20;
        for (size_t i = 0; i < reports; ++i) ASSERT_TRUE(process.read(added, completed));
        // Nothing waits for us: it is killed somewhere in its next steps.
        for (auto spin = random() % 200'000; spin > 0; --spin) asm volatile("");
        process.kill();
        while (process.read(added, completed)) {
        }
        SqliteTaskStore store(file, clock);
        for (const std::string& id : added) EXPECT_TRUE(store.find(id)) << id;
        for (const std::string& id : completed)
            EXPECT_EQ(store.find(id)->status, tasks::TaskStatus::completed) << id;
        store.give_back("worker", /*max_losses=*/1000, /*back_off=*/0s);
    }
    EXPECT_THAT(read("PRAGMA integrity_check"), ElementsAre("ok"));
    expect_totals_to_be_right();
    EXPECT_GE(added.size(), completed.size());
}

TEST_F(SqliteTaskStoreTest, ManyProcessesAndABackupNeverMeetABusyDatabase) {
    constexpr int kTasks = 160;
    { SqliteTaskStore store(file, clock); }
    const auto work = [&] {
        SqliteTaskStore store(file, clock);
        while (store.statistics().completed < kTasks) {
            const auto lease = store.claim("worker " + std::to_string(getpid()), 30s);
            if (!lease) continue;
            if (!store.renew(*lease, 30s) || !store.report_progress(*lease, 50, tasks::Stage::separating) ||
                !store.complete(*lease, stems()))
                throw Error(ErrorCode::internal, "fenced");
        }
    };
    ChildProcess first(work), second(work);
    Database backup(file, Database::Access::read_only);  // holds one snapshot all the time
    backup.execute("BEGIN");
    backup.read_integer("SELECT count(*) FROM tasks");
    SqliteTaskStore store(file, clock);
    store::testing::at_once(16, [&](int) {
        for (int i = 0; i < kTasks / 16; ++i) EXPECT_NO_THROW(store.add(song(), kRoomForAll));
    });
    EXPECT_EQ(first.wait(), 0);
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(store.statistics().completed, kTasks);
    EXPECT_THAT(read("SELECT count(*) FROM attempts WHERE outcome = 'completed'"),
                ElementsAre(std::to_string(kTasks)));
    expect_totals_to_be_right();
}

}  // namespace
}  // namespace msst::store::sqlite
