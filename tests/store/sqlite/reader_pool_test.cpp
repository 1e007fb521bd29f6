#include "store/sqlite/reader_pool.h"

#include <atomic>
#include <fstream>
#include <future>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace msst::store::sqlite {
namespace {

using namespace std::chrono_literals;

class ReaderPoolTest : public ::testing::Test {
protected:
    ReaderPoolTest() {
        std::ofstream(file).flush();
        Database(file, Database::Access::read_write)
            .execute("PRAGMA journal_mode = WAL; CREATE TABLE words (word)");
    }

    int64_t count() {
        return readers.ask([](Database& db) { return db.read_integer("SELECT count(*) FROM words"); });
    }

    msst::testing::TempFolder folder;
    std::filesystem::path file = folder / "test.db";
    ReaderPool readers{file};
};

TEST_F(ReaderPoolTest, NobodyReadsDuringAPause) {
    std::atomic<bool> is_over = false;
    auto pause = readers.pause(1min);
    ASSERT_TRUE(pause);
    auto reader = std::async(std::launch::async, [&] { return count() == 0 && is_over; });
    EXPECT_EQ(reader.wait_for(20ms), std::future_status::timeout);
    is_over = true;
    pause.reset();
    EXPECT_TRUE(reader.get());
}

TEST_F(ReaderPoolTest, APauseIsNotHadWhileSomebodyReads) {
    readers.ask([&](Database&) { EXPECT_FALSE(readers.pause(1ms)); });
    EXPECT_EQ(count(), 0);  // reading goes on
    EXPECT_TRUE(readers.pause(1min));
}

}  // namespace
}  // namespace msst::store::sqlite
