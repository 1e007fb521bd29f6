#include "store/sqlite/store_clock.h"

#include <gtest/gtest.h>

#include "store/sqlite/task_store.h"
#include "store/task_samples.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"

namespace msst::store::sqlite {
namespace {

using namespace std::chrono_literals;
using msst::testing::FakeClock;
using msst::testing::TempFolder;
using store::testing::kRoomForAll;
using store::testing::song;

// The machine's clocks after a boot at another time of the wall.
class RebootedClock final : public Clock {
public:
    explicit RebootedClock(Timestamp wall) : wall_(wall) {}
    Timestamp now() const override { return wall_; }
    Milliseconds monotonic() const override { return 5s; }

private:
    Timestamp wall_;
};

class StoreClockTest : public ::testing::Test {
protected:
    TempFolder folder;
    FakeClock clock;

    SqliteTaskStore open(const Clock& by, const std::string& boot) {
        return SqliteTaskStore(folder / "msst.db", by, boot);
    }
};

TEST_F(StoreClockTest, ABootEndsEveryLeaseAndBackOffWhateverTheWallClockSays) {
    {
        auto store = open(clock, "boot 1");
        for (int i = 0; i < 2; ++i) store.add(song(), kRoomForAll);
        store.claim("backed off", 30s);
        store.give_back("backed off", /*max_losses=*/3, /*back_off=*/10min);
        store.claim("leased", 10min);
    }
    for (const auto jump : {0h, -48h, 48h}) {
        const RebootedClock after(clock.now() + jump);
        auto store = open(after, "boot after " + std::to_string(jump.count()));
        EXPECT_EQ(store.reap(/*max_losses=*/100, /*back_off=*/0s).size(), 1u);
        ASSERT_TRUE(store.claim("one", 10min));
        ASSERT_TRUE(store.claim("two", 10min));
        store.give_back("one", /*max_losses=*/100, /*back_off=*/10min);
    }
}

TEST_F(StoreClockTest, TimePassesWhileTheMachineIsOff) {
    EXPECT_TRUE(open(clock, "boot 1").count_request("key", /*limit=*/1).allowed);
    const RebootedClock soon(clock.now() + 30min);
    EXPECT_FALSE(open(soon, "boot 2").count_request("key", /*limit=*/1).allowed);
    const RebootedClock later(clock.now() + 61min);
    EXPECT_TRUE(open(later, "boot 3").count_request("key", /*limit=*/1).allowed);
}

TEST_F(StoreClockTest, NeverGoesBackAtABoot) {
    EXPECT_TRUE(open(clock, "boot 1").count_request("key", /*limit=*/1).allowed);
    const RebootedClock past(clock.now() - 48h);
    auto store = open(past, "boot 2");
    const auto refused = store.count_request("key", /*limit=*/1);
    EXPECT_FALSE(refused.allowed);
    EXPECT_LE(refused.reset, past.now() + 1h);
}

TEST_F(StoreClockTest, AllStoresOfABootAgree) {
    auto first = open(clock, "boot 1");
    first.add(song(), kRoomForAll);
    first.claim("worker", 30s);
    clock.set_wall(clock.now() - 48h);
    auto second = open(clock, "boot 1");
    clock.advance(29s);
    EXPECT_TRUE(second.reap(/*max_losses=*/3, /*back_off=*/0s).empty());
    clock.advance(1s);
    EXPECT_EQ(second.reap(/*max_losses=*/3, /*back_off=*/0s).size(), 1u);
}

TEST_F(StoreClockTest, WithoutANameForTheBootFollowsTheWallAtOpening) {
    EXPECT_TRUE(open(clock, "").count_request("key", /*limit=*/1).allowed);
    EXPECT_FALSE(open(clock, "").count_request("key", /*limit=*/1).allowed);
    clock.advance(1h);
    EXPECT_TRUE(open(clock, "").count_request("key", /*limit=*/1).allowed);
}

TEST(BootId, IsTheSameForAsLongAsTheMachineRuns) {
    EXPECT_FALSE(current_boot_id().empty());
    EXPECT_EQ(current_boot_id(), current_boot_id());
}

}  // namespace
}  // namespace msst::store::sqlite
