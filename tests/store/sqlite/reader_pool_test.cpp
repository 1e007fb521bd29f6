#include "store/sqlite/reader_pool.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "store/sqlite/words_database.h"

namespace msst::store::sqlite {
namespace {

using namespace std::chrono_literals;

class ReaderPoolTest : public ::testing::Test, protected testing::WordsDatabase {
protected:
    int64_t count() {
        return readers.ask([](Database& db) { return db.read_integer("SELECT count(*) FROM words"); });
    }

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
