// Many tasks: lists, retention, statistics, counted requests; and many callers at once.
#include <atomic>
#include <set>

#include <gmock/gmock.h>

#include "store/task_store_contract.h"

namespace msst::store::testing {
namespace {

using namespace tasks;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TaskStoreManyContract : public TaskStoreContract {
protected:
    // Ids sort by age in milliseconds, so the list's order is certain only if time passes between two.
    Task add_later(const NewTask& task) {
        clock.advance(1ms);
        return add(task);
    }
    std::vector<std::string> list_ids(const TaskQuery& query) {
        std::vector<std::string> ids;
        for (const Task& task : store->list(query)) ids.push_back(task.task_id);
        return ids;
    }
};

INSTANTIATE_TEST_SUITE_P(EveryStore, TaskStoreManyContract, ::testing::ValuesIn(available_stores()),
                         kind_name);

NewTask of_model(const std::string& model, const std::string& owner = "ann") {
    NewTask task = song("song", owner);
    task.request.model_type = model;
    return task;
}

TaskQuery query_of(std::optional<std::string> owner, std::vector<TaskStatus> statuses = {},
                   const std::string& model = "", const std::string& before = "", int limit = 50) {
    return {.owner = std::move(owner),
            .statuses = std::move(statuses),
            .model_type = model,
            .before_task_id = before,
            .limit = limit};
}

// Lists

TEST_P(TaskStoreManyContract, TheListIsNewestFirst) {
    const Task a = add_later(song()), b = add_later(song()), c = add_later(song());
    EXPECT_THAT(list_ids({}), ElementsAre(c.task_id, b.task_id, a.task_id));
}

TEST_P(TaskStoreManyContract, AnOwnerSeesOnlyTheirOwnTasks) {
    const Task anns = add_later(song("song", "ann"));
    const Task bobs = add_later(song("song", "bob"));
    const Task nobodys = add_later(song("song", ""));
    EXPECT_THAT(list_ids(query_of("ann")), ElementsAre(anns.task_id));
    EXPECT_THAT(list_ids(query_of("")), ElementsAre(nobodys.task_id));
    EXPECT_THAT(list_ids(query_of("eve")), IsEmpty());
    EXPECT_THAT(list_ids(query_of(std::nullopt)), ElementsAre(nobodys.task_id, bobs.task_id, anns.task_id));
}

TEST_P(TaskStoreManyContract, TheListIsReadPageByPage) {
    std::vector<std::string> newest_first;
    for (int i = 0; i < 7; ++i) newest_first.insert(newest_first.begin(), add_later(song()).task_id);

    std::vector<std::string> read;
    TaskQuery query = query_of(std::nullopt, {}, "", "", /*limit=*/3);
    for (auto page = list_ids(query); !page.empty(); page = list_ids(query)) {
        EXPECT_LE(page.size(), 3u);
        read.insert(read.end(), page.begin(), page.end());
        query.before_task_id = page.back();
        if (read.size() == 3) add_later(song());  // what comes in between changes no page
    }
    EXPECT_EQ(read, newest_first);
}

// Every combination of filters against a plain scan.
TEST_P(TaskStoreManyContract, FiltersCombine) {
    for (int i = 0; i < 24; ++i) {
        add_later(of_model(i % 3 == 0 ? "a" : "b", i % 2 == 0 ? "ann" : "bob"));
        if (i % 4 == 1) store->complete(claim(), stems());
        if (i % 4 == 2) store->fail(claim(), {.code = "x", .message = "y"});
        if (i % 8 == 3) store->cancel(list_ids({}).front());
    }
    const auto all = store->list(query_of(std::nullopt, {}, "", "", /*limit=*/1000));
    ASSERT_EQ(all.size(), 24u);
    const std::vector<std::vector<TaskStatus>> status_filters = {
        {},
        {TaskStatus::pending},
        {TaskStatus::failed, TaskStatus::completed},
        {TaskStatus::cancelled, TaskStatus::cancelled},
        {TaskStatus::pending, TaskStatus::processing, TaskStatus::completed, TaskStatus::failed,
         TaskStatus::cancelled}};
    for (const std::optional<std::string>& owner :
         {std::optional<std::string>(), std::optional<std::string>("ann")})
        for (const auto& statuses : status_filters)
            for (const std::string model : {"", "a", "none"})
                for (const std::string& before : {std::string(), all[10].task_id}) {
                    std::vector<std::string> expected;
                    for (const Task& task : all)
                        if ((!owner || task.owner == *owner) &&
                            (statuses.empty() || std::ranges::count(statuses, task.status) > 0) &&
                            (model.empty() || task.request.model_type == model) &&
                            (before.empty() || task.task_id < before) && expected.size() < 4)
                            expected.push_back(task.task_id);
                    EXPECT_EQ(list_ids(query_of(owner, statuses, model, before, 4)), expected);
                }
}

TEST_P(TaskStoreManyContract, AListOfNothingIsEmpty) {
    add();
    EXPECT_THAT(list_ids(query_of(std::nullopt, {}, "", "", /*limit=*/0)), IsEmpty());
    EXPECT_THAT(list_ids(query_of(std::nullopt, {}, "", "", /*limit=*/-1)), IsEmpty());
}

// Retention

TEST_P(TaskStoreManyContract, FilesExpireByTheAgeOfTheEndOldestFirst) {
    const Task old = add_completed();
    clock.advance(1h);
    add();
    store->fail(claim(), {.code = "x", .message = "y"});
    const Task failed = store->list(query_of(std::nullopt, {TaskStatus::failed})).at(0);
    clock.advance(1h);
    const Task cancelled = add();
    store->cancel(cancelled.task_id);
    clock.advance(1h);
    const Task young = add_completed();
    add();

    const auto expired = [&](Milliseconds completed_age, Milliseconds failed_age, int limit) {
        std::vector<std::string> ids;
        for (const Task& task :
             store->with_expired_files(clock.now() - completed_age, clock.now() - failed_age, limit))
            ids.push_back(task.task_id);
        return ids;
    };
    EXPECT_THAT(expired(4h, 4h, 10), IsEmpty());
    EXPECT_THAT(expired(1h, 4h, 10), ElementsAre(old.task_id));
    EXPECT_THAT(expired(4h, 90min, 10), ElementsAre(failed.task_id));
    EXPECT_THAT(expired(1h, 30min, 10), ElementsAre(old.task_id, failed.task_id, cancelled.task_id));
    EXPECT_THAT(expired(1h, 30min, 2), ElementsAre(old.task_id, failed.task_id));
    EXPECT_THAT(expired(-1ms, 4h, 10), ElementsAre(old.task_id, young.task_id));
}

TEST_P(TaskStoreManyContract, FilesAreDeletedOnce) {
    const Task task = add_completed();
    clock.advance(1h);
    store->mark_files_deleted(task.task_id);
    const auto when = find(task).files_deleted_at;
    EXPECT_EQ(when, clock.now());
    EXPECT_THAT(store->with_expired_files(clock.now(), clock.now(), 10), IsEmpty());
    clock.advance(1h);
    store->mark_files_deleted(task.task_id);
    EXPECT_EQ(find(task).files_deleted_at, when);
}

TEST_P(TaskStoreManyContract, FilesOfAnActiveTaskAreNeverMarkedDeleted) {
    const Task task = add();
    store->mark_files_deleted(task.task_id);
    EXPECT_FALSE(find(task).files_deleted_at);
}

TEST_P(TaskStoreManyContract, ARecordExpiresOnceItsFilesAreGone) {
    const Task task = add_completed();
    clock.advance(2h);
    EXPECT_THAT(store->with_expired_record(clock.now() - 1h, 10), IsEmpty());
    store->mark_files_deleted(task.task_id);
    EXPECT_THAT(store->with_expired_record(clock.now() - 3h, 10), IsEmpty());
    const auto expired = store->with_expired_record(clock.now() - 1h, 10);
    ASSERT_EQ(expired.size(), 1u);
    EXPECT_EQ(expired[0].task_id, task.task_id);
    EXPECT_TRUE(store->erase(task.task_id));
    EXPECT_FALSE(store->find(task.task_id));
    EXPECT_FALSE(store->erase(task.task_id));
}

TEST_P(TaskStoreManyContract, OnlyFinalTasksAreErased) {
    const Task task = add();
    EXPECT_FALSE(store->erase(task.task_id));
    claim();
    EXPECT_FALSE(store->erase(task.task_id));
    EXPECT_FALSE(store->erase("nothing"));
    EXPECT_TRUE(store->find(task.task_id));
}

TEST_P(TaskStoreManyContract, AnErasedTaskLeavesItsPlaceInTheOrderUnused) {
    const Task task = add_completed();
    store->erase(task.task_id);
    EXPECT_GT(add().seq, task.seq);
}

TEST_P(TaskStoreManyContract, AJumpOfTheWallClockExpiresNothing) {
    add_completed();
    clock.set_wall(clock.now() + 48h);
    EXPECT_THAT(store->with_expired_files(clock.now() - 24h, clock.now() - 24h, 10), IsEmpty());
    clock.set_wall(clock.now() - 96h);
    clock.advance(25h);
    EXPECT_EQ(store->with_expired_files(clock.now() - 24h, clock.now() - 24h, 10).size(), 1u);
}

// Statistics

TEST_P(TaskStoreManyContract, StatisticsOfNothingAreZero) {
    const StoreStatistics statistics = store->statistics();
    EXPECT_EQ(statistics.pending + statistics.processing + statistics.completed + statistics.failed +
                  statistics.cancelled + statistics.completed_24h + statistics.failed_24h,
              0);
    EXPECT_EQ(statistics.average_processing_seconds, 0);
    EXPECT_EQ(statistics.average_wait_seconds, 0);
    EXPECT_EQ(statistics.audio_seconds_processed, 0);
    EXPECT_FALSE(statistics.oldest_pending);
}

TEST_P(TaskStoreManyContract, StatisticsCountEveryState) {
    const Timestamp start = clock.now();
    add();  // waits 2 s, runs 10 s
    clock.advance(2s);
    const Lease first = claim();
    clock.advance(10s);
    store->complete(first, stems(/*audio_seconds=*/100));
    add();  // waits 4 s, runs 20 s
    clock.advance(4s);
    const Lease second = claim();
    clock.advance(20s);
    store->complete(second, stems(/*audio_seconds=*/50.5));
    add();
    store->fail(claim(), {.code = "x", .message = "y"});
    store->cancel(add().task_id);
    add();
    claim();
    const Task oldest = add();
    clock.advance(1s);
    add();

    const StoreStatistics statistics = store->statistics();
    EXPECT_EQ(statistics.pending, 2);
    EXPECT_EQ(statistics.processing, 1);
    EXPECT_EQ(statistics.completed, 2);
    EXPECT_EQ(statistics.failed, 1);
    EXPECT_EQ(statistics.cancelled, 1);
    EXPECT_EQ(statistics.completed_24h, 2);
    EXPECT_EQ(statistics.failed_24h, 1);
    EXPECT_DOUBLE_EQ(statistics.average_processing_seconds, 15);
    EXPECT_DOUBLE_EQ(statistics.average_wait_seconds, (2 + 4 + 0 + 0) / 4.0);
    EXPECT_DOUBLE_EQ(statistics.audio_seconds_processed, 150.5);
    EXPECT_EQ(statistics.oldest_pending, oldest.created_at);
    EXPECT_EQ(oldest.created_at, start + 36s);
}

TEST_P(TaskStoreManyContract, TheWaitIsUntilTheFirstClaim) {
    add();
    clock.advance(2s);
    store->release(claim());
    clock.advance(100s);
    store->complete(claim(), stems());
    EXPECT_DOUBLE_EQ(store->statistics().average_wait_seconds, 2);
}

TEST_P(TaskStoreManyContract, StatisticsForgetWhatIsErased) {
    const Task task = add_completed();
    store->erase(task.task_id);
    const StoreStatistics statistics = store->statistics();
    EXPECT_EQ(statistics.completed, 0);
    EXPECT_EQ(statistics.audio_seconds_processed, 0);
    EXPECT_EQ(statistics.average_wait_seconds, 0);
}

TEST_P(TaskStoreManyContract, TheLastDayEndsAfterADay) {
    add_completed();
    clock.advance(24h);
    EXPECT_EQ(store->statistics().completed_24h, 0);
    EXPECT_EQ(store->statistics().completed, 1);
}

// Counted requests

TEST_P(TaskStoreManyContract, RequestsAreCountedUntilTheHourIsFull) {
    for (int64_t left = 2; left >= 0; --left) {
        const auto decision = store->count_request("key", /*limit=*/3);
        EXPECT_TRUE(decision.allowed);
        EXPECT_EQ(decision.remaining, left);
        EXPECT_EQ(decision.reset, clock.now() + 1h);
        clock.advance(1min);
    }
    const auto refused = store->count_request("key", /*limit=*/3);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.remaining, 0);
    EXPECT_EQ(refused.reset, clock.now() + 57min);
    EXPECT_TRUE(store->count_request("another key", /*limit=*/3).allowed);
}

TEST_P(TaskStoreManyContract, TheWindowSlidesRequestByRequest) {
    store->count_request("key", /*limit=*/2);
    clock.advance(30min);
    store->count_request("key", /*limit=*/2);
    clock.advance(30min - 1ms);
    EXPECT_FALSE(store->count_request("key", /*limit=*/2).allowed);
    clock.advance(1ms);
    EXPECT_TRUE(store->count_request("key", /*limit=*/2).allowed);
    EXPECT_FALSE(store->count_request("key", /*limit=*/2).allowed);
    clock.advance(30min);
    EXPECT_TRUE(store->count_request("key", /*limit=*/2).allowed);
}

TEST_P(TaskStoreManyContract, NoHourHoldsMoreThanTheLimitAtAnyEdge) {
    std::vector<Timestamp> allowed;
    for (int step = 0; step < 400; ++step) {
        clock.advance(7min);
        for (int burst = 0; burst < step % 5; ++burst)
            if (store->count_request("key", /*limit=*/5).allowed) allowed.push_back(clock.now());
    }
    ASSERT_GT(allowed.size(), 100u);
    for (size_t i = 5; i < allowed.size(); ++i) EXPECT_GE(allowed[i] - allowed[i - 5], 1h);
}

TEST_P(TaskStoreManyContract, RefusedRequestsDoNotProlongTheWait) {
    store->count_request("key", /*limit=*/1);
    for (int i = 0; i < 59; ++i) {
        clock.advance(1min);
        EXPECT_FALSE(store->count_request("key", /*limit=*/1).allowed);
    }
    clock.advance(1min);
    EXPECT_TRUE(store->count_request("key", /*limit=*/1).allowed);
}

TEST_P(TaskStoreManyContract, CountedRequestsSurviveAReopening) {
    store->count_request("key", /*limit=*/1);
    store.reset();
    store = open();
    EXPECT_FALSE(store->count_request("key", /*limit=*/1).allowed);
}

TEST_P(TaskStoreManyContract, AJumpOfTheWallClockNeitherFreesNorLocksAKey) {
    store->count_request("key", /*limit=*/1);
    clock.set_wall(clock.now() + 48h);
    EXPECT_FALSE(store->count_request("key", /*limit=*/1).allowed);
    clock.set_wall(clock.now() - 96h);
    const auto refused = store->count_request("key", /*limit=*/1);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.reset, clock.now() + 1h);
    clock.advance(1h);
    EXPECT_TRUE(store->count_request("key", /*limit=*/1).allowed);
}

TEST_P(TaskStoreManyContract, ALoweredLimitCountsTheRequestsThatWere) {
    for (int i = 0; i < 5; ++i) store->count_request("key", /*limit=*/10);
    EXPECT_FALSE(store->count_request("key", /*limit=*/3).allowed);
    EXPECT_FALSE(store->count_request("key", /*limit=*/0).allowed);
    EXPECT_TRUE(store->count_request("key", /*limit=*/6).allowed);
}

// Many at once, over two stores on the same data, as two processes would be

TEST_P(TaskStoreManyContract, AThousandParallelRequestsAreAllowedUpToTheLimitExactly) {
    const auto second = open();
    std::atomic<int> allowed = 0;
    at_once(50, [&](int thread) {
        TaskStore& mine = thread % 2 == 0 ? *store : *second;
        for (int i = 0; i < 20; ++i)
            if (mine.count_request("key", /*limit=*/100).allowed) ++allowed;
    });
    EXPECT_EQ(allowed, 100);
}

TEST_P(TaskStoreManyContract, FiftyParallelSubmissionsIntoRoomForTenAddTen) {
    const auto second = open();
    std::atomic<int> added = 0, full = 0;
    at_once(50, [&](int thread) {
        const auto outcome = (thread % 2 == 0 ? *store : *second).add(song(), /*max_queued=*/10).outcome;
        if (outcome == AddOutcome::added) ++added;
        if (outcome == AddOutcome::queue_full) ++full;
    });
    EXPECT_EQ(added, 10);
    EXPECT_EQ(full, 40);
    EXPECT_EQ(store->statistics().pending, 10);
}

TEST_P(TaskStoreManyContract, FiftyParallelSubmissionsWithOneKeyMakeOneTask) {
    const auto second = open();
    std::vector<AddResult> results(50);
    at_once(50, [&](int thread) {
        results[thread] = (thread % 2 == 0 ? *store : *second).add(song_with_key("k"), kRoomForAll);
    });
    std::set<std::string> ids;
    int added = 0;
    for (const AddResult& result : results) {
        ids.insert(result.task->task_id);
        if (result.outcome == AddOutcome::added) ++added;
    }
    EXPECT_EQ(added, 1);
    EXPECT_EQ(ids.size(), 1u);
    EXPECT_EQ(store->statistics().pending, 1);
}

TEST_P(TaskStoreManyContract, ParallelWorkersShareTheQueueWithoutOverlap) {
    constexpr int kTasks = 200;
    const auto second = open();
    at_once(8, [&](int) {
        for (int i = 0; i < kTasks / 8; ++i) store->add(song(), kRoomForAll);
    });
    std::vector<std::vector<Lease>> claimed(8);
    at_once(8, [&](int thread) {
        TaskStore& mine = thread % 2 == 0 ? *store : *second;
        while (const auto lease = mine.claim("worker-" + std::to_string(thread), kLease)) {
            claimed[thread].push_back(*lease);
            EXPECT_TRUE(mine.report_progress(*lease, 50, Stage::separating));
            EXPECT_TRUE(mine.complete(*lease, stems()));
        }
    });
    std::set<std::string> ids;
    size_t count = 0;
    for (const auto& leases : claimed) {
        count += leases.size();
        for (size_t i = 0; i < leases.size(); ++i) {
            ids.insert(leases[i].task.task_id);
            if (i > 0) {
                EXPECT_LT(leases[i - 1].task.seq, leases[i].task.seq);
            }
        }
    }
    EXPECT_EQ(count, size_t{kTasks});
    EXPECT_EQ(ids.size(), size_t{kTasks});
    EXPECT_EQ(store->statistics().completed, kTasks);
}

TEST_P(TaskStoreManyContract, ParallelCancelsAgreeOnOneOutcome) {
    const Task task = add();
    std::atomic<int> cancelled = 0, already = 0;
    at_once(50, [&](int) {
        const auto outcome = store->cancel(task.task_id);
        if (outcome == CancelOutcome::cancelled) ++cancelled;
        if (outcome == CancelOutcome::already_final) ++already;
    });
    EXPECT_EQ(cancelled, 1);
    EXPECT_EQ(already, 49);
}

TEST_P(TaskStoreManyContract, OfAReaperAndAWorkerExactlyOneEndsTheAttempt) {
    for (int round = 0; round < 20; ++round) {
        const Task task = add();
        const Lease lease = claim();
        clock.advance(kLease);
        std::atomic<int> winners = 0;
        at_once(2, [&](int thread) {
            if (thread == 0 && store->complete(lease, stems())) ++winners;
            if (thread == 1 && !store->reap(/*max_losses=*/1, kNoBackOff).empty()) ++winners;
        });
        EXPECT_EQ(winners, 1);
        EXPECT_TRUE(is_final(find(task).status));
    }
}

}  // namespace
}  // namespace msst::store::testing
