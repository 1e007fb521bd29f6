#include "store/sqlite/write_queue.h"

#include <atomic>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/error.h"
#include "store/child_process.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/words_database.h"
#include "store/task_samples.h"

namespace msst::store::sqlite {
namespace {

using store::testing::at_once;

class WriteQueueTest : public ::testing::Test, protected testing::WordsDatabase {
protected:
    ReaderPool readers{file};
    WriteQueue queue{file, readers};

    void insert(const std::string& word, Durability durability = Durability::relaxed) {
        queue.run(durability, [&](Database& db) { db.run("INSERT INTO words VALUES (?1)", word); });
    }
    int64_t count() {
        return Database(file, Database::Access::read_only).read_integer("SELECT count(*) FROM words");
    }
    int64_t log_bytes() { return static_cast<int64_t>(std::filesystem::file_size(log)); }
};

TEST_F(WriteQueueTest, AnswersWhatTheJobAnswersOnceOthersCanSeeIt) {
    EXPECT_EQ(queue.run(Durability::synced,
                        [](Database& db) { return db.run("INSERT INTO words VALUES ('a'), ('b')"); }),
              2);
    EXPECT_EQ(count(), 2);
}

TEST_F(WriteQueueTest, AJobThatThrowsLeavesNothingAndTheNextOneWorks) {
    EXPECT_THROW(queue.run(Durability::synced,
                           [](Database& db) {
                               db.run("INSERT INTO words VALUES ('half')");
                               throw Error(ErrorCode::conflict, "changed my mind");
                           }),
                 Error);
    insert("whole");
    EXPECT_EQ(count(), 1);
}

TEST_F(WriteQueueTest, OfManyAtOnceOnlyThoseThatFailFail) {
    insert("taken");
    std::atomic<int> refused = 0;
    at_once(32, [&](int thread) {
        for (int i = 0; i < 10; ++i) {
            try {
                insert(i % 2 == 0 ? "taken" : std::to_string(thread * 100 + i), Durability::synced);
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::internal);
                ++refused;
            }
        }
    });
    EXPECT_EQ(refused, 160);
    EXPECT_EQ(count(), 161);
}

// Seen from outside, nothing is committed yet while the jobs of one transaction run.
TEST_F(WriteQueueTest, WhoWaitsSharesATransaction) {
    std::atomic<int> arrived = 0;
    std::atomic<bool> first_runs = false;
    std::set<int64_t> counts_outside;
    at_once(16, [&](int thread) {
        if (thread == 0) {
            queue.run(Durability::relaxed, [&](Database&) {
                first_runs = true;
                first_runs.notify_all();
                while (arrived < 15) std::this_thread::yield();
            });
        } else {
            first_runs.wait(false);
            ++arrived;
            queue.run(Durability::synced, [&](Database& db) {
                counts_outside.insert(count());
                db.run("INSERT INTO words VALUES (?1)", std::to_string(thread));
            });
        }
    });
    EXPECT_EQ(count(), 15);
    EXPECT_LT(counts_outside.size(), 15u);
}

TEST_F(WriteQueueTest, AFullDatabaseIsToldAsFullStorageAndWorksAgainWithRoom) {
    const auto set_limit = [&](int pages) {
        queue.run(Durability::relaxed, [&](Database& db) {
            return db.read_integer("PRAGMA max_page_count = " + std::to_string(pages));
        });
    };
    set_limit(10);
    try {
        insert(std::string(100'000, 'x'));
        FAIL() << "100 kB in ten pages";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_EQ(error.reason(), "storage_full");
    }
    insert("small");
    set_limit(1000);
    insert(std::string(100'000, 'x'));
    EXPECT_EQ(count(), 2);
}

TEST_F(WriteQueueTest, AfterAnInputOutputErrorTheNextCallOpensTheDatabaseAgain) {
    store::testing::ChildProcess child([&] {
        signal(SIGXFSZ, SIG_IGN);
        insert("before");
        rlimit limit{};
        getrlimit(RLIMIT_FSIZE, &limit);
        const rlim_t most = limit.rlim_cur;
        limit.rlim_cur = 40'000;
        setrlimit(RLIMIT_FSIZE, &limit);
        bool failed = false;
        try {
            insert(std::string(500'000, 'x'));
        } catch (const Error& error) {
            failed = error.code() == ErrorCode::unavailable;
        }
        limit.rlim_cur = most;
        setrlimit(RLIMIT_FSIZE, &limit);
        insert("after");
        if (!failed || count() != 2) throw Error(ErrorCode::internal, "not as expected");
    });
    EXPECT_EQ(child.wait(), 0);
}

TEST_F(WriteQueueTest, ADatabaseThatVanishedIsAnErrorAndNotMadeAnew) {
    std::filesystem::rename(file, folder / "elsewhere.db");
    EXPECT_THROW(insert("lost"), Error);
    EXPECT_FALSE(std::filesystem::exists(file));
    std::filesystem::rename(folder / "elsewhere.db", file);
    insert("found");
    EXPECT_EQ(count(), 1);
}

TEST_F(WriteQueueTest, KeepsTheLogShort) {
    for (int i = 0; i < 4000; ++i) insert(std::to_string(i));
    EXPECT_LT(log_bytes(), 6 << 20);
}

TEST_F(WriteQueueTest, KeepsTheLogShortUnderConstantReading) {
    std::atomic<bool> done = false;
    at_once(3, [&](int thread) {
        if (thread == 0) {
            for (int i = 0; i < 4000; ++i) insert(std::to_string(i));
            done = true;
        }
        while (!done) readers.ask([](Database& db) { return db.read_integer("SELECT count(*) FROM words"); });
    });
    EXPECT_LT(log_bytes(), 20 << 20);
}

TEST_F(WriteQueueTest, ShortensTheLogOnceALongReaderIsGone) {
    {
        Database reader(file, Database::Access::read_only);
        reader.execute("BEGIN");
        reader.read_integer("SELECT count(*) FROM words");
        for (int i = 0; i < 4000; ++i) insert(std::to_string(i));
        EXPECT_GT(log_bytes(), 10 << 20);
        reader.execute("COMMIT");
    }
    for (int i = 0; i < 2000; ++i) insert("later " + std::to_string(i));
    EXPECT_LT(log_bytes(), 6 << 20);
}

}  // namespace
}  // namespace msst::store::sqlite
