#include "store/sqlite/migrations.h"

#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/child_process.h"
#include "store/sqlite/task_store.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

// Databases of older programs: with tasks in every state, and killed while they were brought up to date.

namespace msst::store::sqlite {
namespace {

using namespace std::chrono_literals;
using tasks::TaskStatus;

class MigrationsTest : public ::testing::Test {
protected:
    // Written by the program that knew the first version only. The name of a task is its state.
    void make_first_version() {
        std::ofstream(file).close();
        Database database(file, Database::Access::read_write);
        database.execute("PRAGMA journal_mode = WAL");
        database.execute(migration_texts()[0]);
        database.execute("PRAGMA application_id = 1836282740; PRAGMA user_version = 1");
        insert(database, "pending", "");
        insert(database, "processing",
               ", epoch = 1, worker = 'old', lease_until = created_tick + 30000, started_at = created_at");
        insert(database, "completed", ", epoch = 1, result = '{}'" + kFinished);
        insert(database, "failed", ", epoch = 1, error = '{\"code\":\"x\",\"message\":\"why\"}'" + kFinished);
        insert(database, "cancelled", kFinished);
    }

    void expect_all_tasks() {
        SqliteTaskStore store(file, clock);
        for (const auto& [id, status] : states) {
            const auto task = store.find(id);
            ASSERT_TRUE(task) << id;
            EXPECT_EQ(task->status, status);
        }
        EXPECT_EQ(store.find("failed")->error->message, "why");
        const auto statistics = store.statistics();
        EXPECT_EQ(statistics.completed_24h, 1);
        EXPECT_EQ(statistics.failed_24h, 1);
        // What was waiting and running goes on: the old worker's lease ends, and both are done in their
        // order.
        clock.advance(60s);
        EXPECT_EQ(store.reap(/*max_losses=*/3, /*back_off=*/0s).size(), 1U);
        EXPECT_EQ(store.claim("worker", 30s)->task.task_id, "pending");
        EXPECT_EQ(store.claim("worker 2", 30s)->task.task_id, "processing");
    }

    msst::testing::TempFolder folder;
    std::filesystem::path file = folder / "msst.db";
    msst::testing::FakeClock clock;
    const std::map<std::string, TaskStatus> states = {{"pending", TaskStatus::pending},
                                                      {"processing", TaskStatus::processing},
                                                      {"completed", TaskStatus::completed},
                                                      {"failed", TaskStatus::failed},
                                                      {"cancelled", TaskStatus::cancelled}};

private:
    const std::string kFinished = ", finished_at = created_at, finished_tick = created_tick, stage = 'done'";

    void insert(Database& database, const std::string& status, const std::string& more) {
        database.run(
            "INSERT INTO tasks (task_id, owner, model_type, request, input, input_key, created_at, "
            "created_tick)"
            " VALUES (?1, '', 'dsp', '{}', '{}', 'k', ?2, ?2)",
            status, clock.now().time_since_epoch().count());
        database.execute("UPDATE tasks SET status = '" + status + "'" + more + " WHERE task_id = '" + status +
                         "'");
    }
};

TEST_F(MigrationsTest, KeepTasksInEveryState) {
    make_first_version();

    expect_all_tasks();
}

TEST_F(MigrationsTest, KilledInTheMiddleAreRepeated) {
    for (int64_t done = 1; done < std::ssize(migration_texts()); ++done) {
        SCOPED_TRACE("killed after version " + std::to_string(done));
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
        make_first_version();
        testing::ChildProcess child([&] {
            Database database(file, Database::Access::read_write);
            database.execute("PRAGMA cache_size = 1");  // what is not committed yet is in the log already
            for (int64_t version = 1; version <= done; ++version) {
                database.execute("BEGIN IMMEDIATE");
                database.execute(migration_texts()[version]);
                database.execute("PRAGMA user_version = " + std::to_string(version + 1));
                if (version == done) raise(SIGKILL);
                database.execute("COMMIT");
            }
        });
        ASSERT_TRUE(testing::died_of(child.wait(), SIGKILL));

        expect_all_tasks();
        Database database(file, Database::Access::read_only);
        EXPECT_EQ(database.read_integer("PRAGMA user_version"), std::ssize(migration_texts()));
        Statement check = database.prepare("PRAGMA integrity_check");
        ASSERT_TRUE(check.step());
        EXPECT_EQ(check.text(0), "ok");
    }
}

}  // namespace
}  // namespace msst::store::sqlite
