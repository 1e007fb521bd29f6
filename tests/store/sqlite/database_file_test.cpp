#include "store/sqlite/database_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "store/child_process.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/task_store.h"
#include "store/task_samples.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::store::sqlite {
namespace {

using msst::testing::FakeClock;
using msst::testing::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DatabaseFileTest : public ::testing::Test {
protected:
    TempFolder folder;
    std::filesystem::path file = folder / "msst.db";
    FakeClock clock;

    // Closed when it returns, so that everything is in the file itself.
    void fill(int tasks) {
        SqliteTaskStore store(file, clock);
        for (int i = 0; i < tasks; ++i) store.add(store::testing::song(), store::testing::kRoomForAll);
    }
    void overwrite(int64_t offset, const std::string& bytes) {
        std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(offset) << bytes;
    }
    std::string refusal() {
        try {
            open_database_file(file);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unavailable);
            return error.what();
        }
        return "";
    }
};

TEST_F(DatabaseFileTest, IsMadeWithTheCurrentSchema) {
    const auto database = open_database_file(file);
    EXPECT_EQ(database->read_integer("PRAGMA user_version"), std::ssize(migration_texts()));
    Statement mode = database->prepare("PRAGMA journal_mode");
    ASSERT_TRUE(mode.step());
    EXPECT_EQ(mode.text(0), "wal");
}

TEST_F(DatabaseFileTest, ThatIsCurrentIsOpenedAsItIs) {
    fill(3);
    const std::string before = read_file(file);
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(sha256_hex(read_file(file)), sha256_hex(before));
}

TEST_F(DatabaseFileTest, OfANewerVersionIsRefusedWithBothVersionsAndUntouched) {
    fill(3);
    Database(file, Database::Access::read_write).execute("PRAGMA user_version = 99");
    const std::string before = read_file(file);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("schema version 99"),
                                 HasSubstr("knows up to " + std::to_string(migration_texts().size()))));
    EXPECT_EQ(sha256_hex(read_file(file)), sha256_hex(before));
}

TEST_F(DatabaseFileTest, OfAnotherProgramIsRefused) {
    std::ofstream(file).flush();
    Database(file, Database::Access::read_write).execute("CREATE TABLE theirs (a)");
    EXPECT_THAT(refusal(), HasSubstr("another program"));
}

TEST_F(DatabaseFileTest, ThatIsNoDatabaseIsRefusedAndUntouched) {
    // The second is a database's first bytes but for the last, a zero.
    for (const std::string& content :
         {std::string("short"), std::string("SQLite format 3"), std::string(10'000, 'x')}) {
        std::ofstream(file) << content;
        EXPECT_THAT(refusal(), AllOf(HasSubstr("is damaged"), HasSubstr("backup")));
        EXPECT_EQ(read_file(file), content);
    }
}

TEST_F(DatabaseFileTest, WithADamagedPageIsRefusedAndUntouched) {
    fill(50);
    const auto pages = static_cast<int64_t>(std::filesystem::file_size(file) / 4096);
    ASSERT_GT(pages, 10);
    int refused = 0;
    for (int64_t page = 1; page < pages; ++page) {
        const std::string intact = read_file(file);
        overwrite(page * 4096, std::string(64, '\x7f'));
        const std::string damaged = read_file(file);
        const std::string why = refusal();
        if (!why.empty()) {
            ++refused;
            EXPECT_THAT(why, AllOf(HasSubstr("is damaged"), HasSubstr("backup")));
            EXPECT_EQ(sha256_hex(read_file(file)), sha256_hex(damaged));
        }
        std::ofstream(file, std::ios::binary) << intact;
    }
    // Every page that is in use has a header that cannot be this; one that is free may hold anything.
    EXPECT_GE(refused, pages - 2);
}

TEST_F(DatabaseFileTest, CutShortIsRefused) {
    fill(50);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("is damaged"), HasSubstr("backup")));
}

TEST_F(DatabaseFileTest, ThatIsGoneWhileItsLogIsThereIsNotMadeAnew) {
    std::ofstream(file.string() + "-wal") << "something";
    EXPECT_THAT(refusal(), HasSubstr("its write-ahead log is there"));
    EXPECT_FALSE(std::filesystem::exists(file));
}

// Before there is a write-ahead log, what is half written stands in a rollback journal.
TEST_F(DatabaseFileTest, WhoseMakerWasKilledIsMadeAnew) {
    const std::filesystem::path journal = file.string() + "-journal";
    std::ofstream(file).close();
    store::testing::ChildProcess child([&] {
        Database database(file, Database::Access::read_write);
        database.execute("PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (text)");
        for (int i = 0; i < 100; ++i) database.execute("INSERT INTO half VALUES (randomblob(3000))");
        raise(SIGKILL);
    });
    ASSERT_TRUE(store::testing::died_of(child.wait(), SIGKILL));
    ASSERT_GT(std::filesystem::file_size(file), 0u);
    ASSERT_GT(std::filesystem::file_size(journal), 0u);

    const auto database = open_database_file(file);

    EXPECT_EQ(database->read_integer("PRAGMA user_version"), std::ssize(migration_texts()));
    EXPECT_EQ(database->read_integer("SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
}

// A process that died leaves its log behind; what of it is whole is read.
TEST_F(DatabaseFileTest, WithATornLogLosesOnlyTheTornTransactions) {
    store::testing::ChildProcess child([&] {
        SqliteTaskStore store(file, clock);
        for (int i = 0; i < 20; ++i) store.add(store::testing::song(), store::testing::kRoomForAll);
        raise(SIGKILL);
    });
    ASSERT_TRUE(store::testing::died_of(child.wait(), SIGKILL));
    const std::filesystem::path log = file.string() + "-wal";
    std::filesystem::resize_file(log, std::filesystem::file_size(log) - 5000);
    std::filesystem::remove(file.string() + "-shm");

    SqliteTaskStore store(file, clock);
    const auto tasks = store.list({});
    EXPECT_GE(tasks.size(), 15u);
    EXPECT_LT(tasks.size(), 20u);
    EXPECT_EQ(store.statistics().pending, std::ssize(tasks));
}

TEST_F(DatabaseFileTest, WithoutItsSharedMemoryLosesNothing) {
    store::testing::ChildProcess child([&] {
        SqliteTaskStore store(file, clock);
        store.add(store::testing::song(), store::testing::kRoomForAll);
        raise(SIGKILL);
    });
    child.wait();
    std::filesystem::remove(file.string() + "-shm");
    EXPECT_EQ(SqliteTaskStore(file, clock).list({}).size(), 1u);
}

TEST_F(DatabaseFileTest, IsMadeByManyProcessesAtOnce) {
    std::vector<std::unique_ptr<store::testing::ChildProcess>> children;
    for (int i = 0; i < 8; ++i)
        children.push_back(std::make_unique<store::testing::ChildProcess>([&] {
            SqliteTaskStore store(file, clock);
            store.add(store::testing::song(), store::testing::kRoomForAll);
        }));
    for (const auto& child : children) EXPECT_EQ(child->wait(), 0);
    EXPECT_EQ(SqliteTaskStore(file, clock).statistics().pending, 8);
}

// A process that closes any descriptor of a file loses every lock it has on it, those of other connections
// too. Then whoever closes the database next takes itself for the last one and removes the log under the
// first.
TEST_F(DatabaseFileTest, OpenedTwiceByAProcessKeepsItsLogWhenAnotherProcessCloses) {
    fill(1);
    store::testing::Gate opened_twice, added;
    store::testing::ChildProcess other([&] {
        opened_twice.wait();
        { SqliteTaskStore(file, clock).list({}); }
        if (!std::filesystem::exists(file.string() + "-wal")) _exit(2);
    });
    store::testing::ChildProcess later([&] {
        added.wait();
        if (SqliteTaskStore(file, clock).list({}).size() != 3) _exit(2);
    });
    SqliteTaskStore first(file, clock);
    first.add(store::testing::song(), store::testing::kRoomForAll);
    const SqliteTaskStore second(file, clock);
    opened_twice.open();
    EXPECT_EQ(other.wait(), 0);
    first.add(store::testing::song(), store::testing::kRoomForAll);
    added.open();
    EXPECT_EQ(later.wait(), 0);
}

TEST_F(DatabaseFileTest, ThatVanishedUnderAnOpenStoreIsNotMadeAnew) {
    {
        SqliteTaskStore store(file, clock);
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
        EXPECT_THROW(Database(file, Database::Access::read_write).read_integer("PRAGMA user_version"), Error);
    }
    EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace msst::store::sqlite
