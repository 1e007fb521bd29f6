#include "worker/lease_watch.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "store/open.h"
#include "support/fake_clock.h"
#include "support/forwarding_task_store.h"
#include "support/temp_folder.h"

namespace msst::worker {
namespace {

using namespace std::chrono_literals;

// Does not answer when told so, and counts renewals.
class ShakyStore final : public msst::testing::ForwardingTaskStore {
public:
    using ForwardingTaskStore::ForwardingTaskStore;

    std::optional<tasks::Task> find(const std::string& task_id) override {
        answer();
        return ForwardingTaskStore::find(task_id);
    }
    std::optional<tasks::Renewal> renew(const tasks::Lease& lease, Milliseconds duration) override {
        answer();
        ++renewals;
        return ForwardingTaskStore::renew(lease, duration);
    }
    bool report_progress(const tasks::Lease& lease, double progress, tasks::Stage stage) override {
        ++reports;
        return ForwardingTaskStore::report_progress(lease, progress, stage);
    }

    bool is_silent = false;
    int renewals = 0;
    int reports = 0;

private:
    void answer() const {
        if (is_silent) throw Error(ErrorCode::unavailable, "the database does not answer");
    }
};

class Watch : public ::testing::Test {
protected:
    static constexpr Milliseconds kLease = 30s;

    tasks::Lease add_and_claim() {
        tasks::NewTask task;
        task.request.model_type = "copy";
        task.request.instruments = {"vocals"};
        task.input_key = "uploads/x";
        real->add(task, /*max_queued=*/10);
        return real->claim("worker", kLease).value();
    }

    tasks::Task task() { return real->find(lease.task.task_id).value(); }

    msst::testing::TempFolder folder;
    msst::testing::FakeClock clock;
    Log log{"", LogLevel::info};
    std::unique_ptr<tasks::TaskStore> real = store::open_task_store(folder.path(), clock);
    ShakyStore store{*real};
    tasks::Lease lease = add_and_claim();
    std::optional<Milliseconds> drain_deadline;
    std::vector<double> advances;
    LeaseWatch watch{{.store = store,
                      .clock = clock,
                      .log = log,
                      .lease = kLease,
                      .drain_deadline = [this] { return drain_deadline; },
                      .on_advance = [this](double fraction) { advances.push_back(fraction); }},
                     lease,
                     clock.monotonic()};
};

TEST_F(Watch, RenewsEveryThirdOfALeaseAndNotMore) {
    for (int second = 0; second < 90; ++second) {
        clock.advance(1s);
        watch.look();
    }
    EXPECT_EQ(watch.reason(), StopReason::none);
    EXPECT_TRUE(real->reap(3, 0s).empty());
    EXPECT_EQ(store.renewals, 9);
}

TEST_F(Watch, SeesACancelBetweenRenewals) {
    real->cancel(lease.task.task_id);
    watch.look();

    EXPECT_EQ(watch.reason(), StopReason::cancelled);
    EXPECT_TRUE(watch.stop_token().stop_requested());
    EXPECT_EQ(store.renewals, 0);
}

TEST_F(Watch, SeesACancelInARenewal) {
    real->cancel(lease.task.task_id);
    clock.advance(10s);
    watch.look();

    EXPECT_EQ(watch.reason(), StopReason::cancelled);
}

TEST_F(Watch, StopsWhenSomebodyElseHasTheTask) {
    real->release(lease);
    real->claim("other", kLease);
    watch.look();

    EXPECT_EQ(watch.reason(), StopReason::lease_lost);
    EXPECT_FALSE(watch.is_held());
}

TEST_F(Watch, StopsWhenTheTaskIsGone) {
    real->cancel(lease.task.task_id);
    real->mark_cancelled(lease);
    real->erase(lease.task.task_id);
    watch.look();

    EXPECT_EQ(watch.reason(), StopReason::lease_lost);
}

TEST_F(Watch, StopsByItselfWhenTheStoreIsSilentForALease) {
    store.is_silent = true;
    clock.advance(kLease - 1ms);
    watch.look();
    EXPECT_EQ(watch.reason(), StopReason::none);
    EXPECT_TRUE(watch.is_held());

    clock.advance(1ms);
    EXPECT_FALSE(watch.is_held());
    watch.look();
    EXPECT_EQ(watch.reason(), StopReason::lease_lost);
}

TEST_F(Watch, OutlivesAStoreThatIsSilentForLess) {
    store.is_silent = true;
    clock.advance(kLease - 1s);
    watch.look();
    store.is_silent = false;
    watch.look();
    clock.advance(20s);
    watch.look();

    EXPECT_EQ(watch.reason(), StopReason::none);
    EXPECT_EQ(task().status, tasks::TaskStatus::processing);
}

TEST_F(Watch, DoesNotMindTheWallClock) {
    clock.set_wall(clock.now() + std::chrono::hours(48));
    watch.look();
    clock.set_wall(clock.now() - std::chrono::hours(96));
    watch.look();

    EXPECT_EQ(watch.reason(), StopReason::none);
}

TEST_F(Watch, StopsWhenTheDrainIsOver) {
    drain_deadline = clock.monotonic() + 5s;
    clock.advance(4s);
    watch.look();
    EXPECT_EQ(watch.reason(), StopReason::none);

    clock.advance(1s);
    watch.look();
    EXPECT_EQ(watch.reason(), StopReason::drained);
    EXPECT_TRUE(watch.is_held());
}

TEST_F(Watch, WritesProgressThatChangedAndNoOther) {
    watch.set_progress(tasks::Stage::separating, 0.5);
    watch.look();
    watch.look();

    EXPECT_EQ(task().progress, 50);
    EXPECT_EQ(task().stage, tasks::Stage::separating);
    EXPECT_EQ(store.reports, 1);
}

TEST_F(Watch, NeverSaysHundredBeforeTheTaskIsDone) {
    watch.set_progress(tasks::Stage::encoding, 1);
    watch.look();

    EXPECT_LT(task().progress, 100);
}

TEST_F(Watch, CallsOnlyRealProgressAnAdvance) {
    watch.set_progress(tasks::Stage::separating, 0.5);
    watch.look();
    watch.set_progress(tasks::Stage::separating, 0.5);
    watch.look();
    watch.set_progress(tasks::Stage::separating, 0.6);
    watch.look();

    EXPECT_EQ(advances, (std::vector<double>{0.5, 0.6}));
}

TEST_F(Watch, CountsLoadingAModelAsAnAdvance) {
    watch.set_loading(0.1);
    watch.look();
    watch.set_loading(0.2);
    watch.look();

    EXPECT_EQ(advances.size(), 2U);
    EXPECT_EQ(task().progress, 0);
    EXPECT_EQ(task().stage, tasks::Stage::loading_model);
}

}  // namespace
}  // namespace msst::worker
