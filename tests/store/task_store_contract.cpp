// The life of one task: submitted, claimed, renewed, ended, or taken away from a dead worker. Long, since
// it is one list of promises that every store keeps.
#include "store/task_store_contract.h"

#include <gmock/gmock.h>

namespace msst::store::testing {
namespace {

using namespace tasks;
using ::testing::ElementsAre;

INSTANTIATE_TEST_SUITE_P(EveryStore, TaskStoreContract, ::testing::ValuesIn(available_stores()), kind_name);

// Submission

TEST_P(TaskStoreContract, ANewTaskIsPendingAndHoldsWhatWasAsked) {
    NewTask asked = song("my song", "bob");
    asked.request.use_tta = true;
    const AddResult added = store->add(asked, kRoomForAll);

    ASSERT_EQ(added.outcome, AddOutcome::added);
    EXPECT_EQ(added.queue_position, 0);
    const Task task = find(*added.task);
    EXPECT_EQ(task.status, TaskStatus::pending);
    EXPECT_EQ(task.owner, "bob");
    EXPECT_EQ(task.epoch, 0);
    EXPECT_EQ(task.lease_losses, 0);
    EXPECT_EQ(task.worker, "");
    EXPECT_EQ(task.progress, 0);
    EXPECT_EQ(task.stage, Stage::queued);
    EXPECT_TRUE(task.request.use_tta);
    EXPECT_THAT(task.request.instruments, ElementsAre("vocals", "other"));
    EXPECT_EQ(task.input.filename, "my song.wav");
    EXPECT_EQ(task.input_key, "uploads/my song");
    EXPECT_EQ(task.created_at, clock.now());
    EXPECT_FALSE(task.started_at || task.finished_at || task.lease_until || task.not_before ||
                 task.cancel_requested_at || task.files_deleted_at || task.result || task.error);
}

TEST_P(TaskStoreContract, ATaskThatNobodyMadeIsNotFound) {
    EXPECT_FALSE(store->find("01890a5d-ac96-774b-bcce-b302099a8057"));
    EXPECT_FALSE(store->find(""));
    EXPECT_FALSE(store->find("' OR 1 = 1 --"));
}

TEST_P(TaskStoreContract, TasksSurviveAReopening) {
    const Task task = add();
    store.reset();
    store = open();
    EXPECT_EQ(find(task).seq, task.seq);
}

TEST_P(TaskStoreContract, TextOfAnyKindComesBackAsItWas) {
    NewTask asked = song(std::string("a'\"\\\n\0b", 8) + "ü🎵", "owner; DROP TABLE tasks");
    const Task task = find(add(asked));
    EXPECT_EQ(task.input.filename, asked.input.filename);
    EXPECT_EQ(task.owner, asked.owner);
}

TEST_P(TaskStoreContract, AFullQueueTakesNoMoreUntilATaskStarts) {
    EXPECT_EQ(store->add(song(), /*max_queued=*/2).outcome, AddOutcome::added);
    EXPECT_EQ(store->add(song(), /*max_queued=*/2).outcome, AddOutcome::added);
    const AddResult refused = store->add(song(), /*max_queued=*/2);
    EXPECT_EQ(refused.outcome, AddOutcome::queue_full);
    EXPECT_FALSE(refused.task);
    EXPECT_EQ(store->statistics().pending, 2);

    claim();
    EXPECT_EQ(store->add(song(), /*max_queued=*/2).outcome, AddOutcome::added);
}

TEST_P(TaskStoreContract, AFullQueueStillReplaysAnEarlierAnswer) {
    const AddResult first = store->add(song_with_key("k"), /*max_queued=*/1);
    const AddResult again = store->add(song_with_key("k"), /*max_queued=*/1);
    EXPECT_EQ(again.outcome, AddOutcome::replayed);
    EXPECT_EQ(again.task->task_id, first.task->task_id);
}

// Idempotency keys

TEST_P(TaskStoreContract, TheSameKeyAndRequestGiveTheEarlierTask) {
    add();
    const AddResult first = store->add(song_with_key("k", "f"), kRoomForAll);
    const AddResult again = store->add(song_with_key("k", "f"), kRoomForAll);
    EXPECT_EQ(again.outcome, AddOutcome::replayed);
    EXPECT_EQ(again.task->task_id, first.task->task_id);
    EXPECT_EQ(again.queue_position, 1);
    EXPECT_EQ(store->statistics().pending, 2);
}

TEST_P(TaskStoreContract, TheSameKeyWithAnotherRequestIsAConflict) {
    store->add(song_with_key("k", "f"), kRoomForAll);
    EXPECT_EQ(store->add(song_with_key("k", "another"), kRoomForAll).outcome, AddOutcome::key_conflict);
    EXPECT_EQ(store->statistics().pending, 1);
}

TEST_P(TaskStoreContract, KeysOfAnotherOwnerDoNotMatter) {
    const AddResult first = store->add(song_with_key("k", "f", "ann"), kRoomForAll);
    const AddResult other = store->add(song_with_key("k", "g", "bob"), kRoomForAll);
    EXPECT_EQ(other.outcome, AddOutcome::added);
    EXPECT_NE(other.task->task_id, first.task->task_id);
}

TEST_P(TaskStoreContract, AKeyIsFoundWithItsFingerprintByItsOwnerOnly) {
    const Task task = add(song_with_key("k", "f", "ann"));
    const auto found = store->find_by_idempotency_key("ann", "k");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->task.task_id, task.task_id);
    EXPECT_EQ(found->request_fingerprint, "f");
    EXPECT_FALSE(store->find_by_idempotency_key("bob", "k"));
    EXPECT_FALSE(store->find_by_idempotency_key("ann", ""));
}

TEST_P(TaskStoreContract, AKeyReplaysAfterAReopeningAndAfterTheTaskEnded) {
    const Task task = add_completed(song_with_key("k"));
    store.reset();
    store = open();
    const AddResult again = store->add(song_with_key("k"), kRoomForAll);
    EXPECT_EQ(again.outcome, AddOutcome::replayed);
    EXPECT_EQ(again.task->task_id, task.task_id);
}

TEST_P(TaskStoreContract, AForgottenKeyMakesANewTask) {
    const Task old = add(song_with_key("old"));
    clock.advance(2h);
    const Task young = add(song_with_key("young"));
    store->forget_idempotency_keys(clock.now() - 1h);

    EXPECT_NE(add(song_with_key("old")).task_id, old.task_id);
    EXPECT_EQ(add(song_with_key("young")).task_id, young.task_id);
    EXPECT_EQ(find(old).status, TaskStatus::pending);
}

// Claims

TEST_P(TaskStoreContract, NothingIsClaimedFromAnEmptyQueue) {
    EXPECT_FALSE(store->claim("worker", kLease));
}

TEST_P(TaskStoreContract, AClaimedTaskIsProcessingUnderALease) {
    const Task added = add();
    clock.advance(5s);
    const Lease lease = claim("worker-7");

    EXPECT_EQ(lease.task.task_id, added.task_id);
    EXPECT_EQ(lease.worker, "worker-7");
    EXPECT_EQ(lease.epoch, 1);
    EXPECT_EQ(lease.task.status, TaskStatus::processing);
    EXPECT_EQ(lease.task.epoch, 1);
    const Task task = find(added);
    EXPECT_EQ(task.status, TaskStatus::processing);
    EXPECT_EQ(task.worker, "worker-7");
    EXPECT_EQ(task.started_at, clock.now());
    EXPECT_EQ(task.lease_until, clock.now() + kLease);
    EXPECT_FALSE(store->claim("worker-8", kLease));
}

TEST_P(TaskStoreContract, TasksStartInTheOrderOfTheirSubmission) {
    const Task a = add(), b = add(), c = add();
    EXPECT_EQ(claim().task.task_id, a.task_id);
    EXPECT_EQ(claim().task.task_id, b.task_id);
    EXPECT_EQ(claim().task.task_id, c.task_id);
}

TEST_P(TaskStoreContract, TheOrderIsThatOfSubmissionWhateverTheWallClockDoes) {
    const Task first = add();
    clock.set_wall(clock.now() - 48h);
    const Task second = add();
    EXPECT_LT(first.seq, second.seq);
    EXPECT_EQ(claim().task.task_id, first.task_id);
}

TEST_P(TaskStoreContract, QueuePositionCountsTheTasksThatStartBefore) {
    const Task a = add(), b = add(), c = add();
    EXPECT_EQ(store->queue_position(a), 0);
    EXPECT_EQ(store->queue_position(c), 2);
    claim();
    EXPECT_EQ(store->queue_position(a), std::nullopt);
    EXPECT_EQ(store->queue_position(b), 0);
    EXPECT_EQ(store->queue_position(c), 1);
    store->cancel(b.task_id);
    EXPECT_EQ(store->queue_position(c), 0);
    EXPECT_EQ(store->add(song(), kRoomForAll).queue_position, 1);
}

// Renewal and progress

TEST_P(TaskStoreContract, ARenewalCountsFromNow) {
    add();
    const Lease lease = claim();
    clock.advance(20s);
    ASSERT_TRUE(store->renew(lease, kLease));
    EXPECT_EQ(find(lease.task).lease_until, clock.now() + kLease);

    clock.advance(29s);
    EXPECT_TRUE(store->reap(kMaxLosses, kNoBackOff).empty());
    clock.advance(1s);
    EXPECT_EQ(store->reap(kMaxLosses, kNoBackOff).size(), 1u);
}

TEST_P(TaskStoreContract, ARenewalTellsThatACancelWasAskedFor) {
    const Task task = add();
    const Lease lease = claim();
    EXPECT_FALSE(store->renew(lease, kLease)->cancel_requested);
    EXPECT_EQ(store->cancel(task.task_id), CancelOutcome::requested);
    EXPECT_TRUE(store->renew(lease, kLease)->cancel_requested);
}

TEST_P(TaskStoreContract, ProgressRisesOnly) {
    const Task task = add();
    const Lease lease = claim();
    EXPECT_TRUE(store->report_progress(lease, 40, Stage::separating));
    EXPECT_TRUE(store->report_progress(lease, 30, Stage::encoding));
    EXPECT_EQ(find(task).progress, 40);
    EXPECT_EQ(find(task).stage, Stage::encoding);
    EXPECT_TRUE(store->report_progress(lease, 250, Stage::encoding));
    EXPECT_EQ(find(task).progress, 100);
}

TEST_P(TaskStoreContract, ProgressStartsAnewWithTheNextAttempt) {
    const Task task = add();
    store->report_progress(claim(), 40, Stage::separating);
    store->give_back("worker", kMaxLosses, kNoBackOff);
    EXPECT_EQ(find(task).progress, 0);
    EXPECT_EQ(find(task).stage, Stage::queued);
    EXPECT_TRUE(store->report_progress(claim(), 10, Stage::decoding));
    EXPECT_EQ(find(task).progress, 10);
}

// The end of an attempt

TEST_P(TaskStoreContract, ACompletedTaskHoldsItsResult) {
    const Task task = add();
    const Lease lease = claim();
    clock.advance(3s);
    ASSERT_TRUE(store->complete(lease, stems()));

    const Task done = find(task);
    EXPECT_EQ(done.status, TaskStatus::completed);
    EXPECT_EQ(done.epoch, lease.epoch);
    EXPECT_EQ(done.progress, 100);
    EXPECT_EQ(done.stage, Stage::done);
    EXPECT_EQ(done.finished_at, clock.now());
    EXPECT_EQ(done.worker, "");
    EXPECT_FALSE(done.lease_until || done.error);
    ASSERT_TRUE(done.result);
    EXPECT_EQ(done.result->sources.at(0).filename, "vocals.wav");
}

TEST_P(TaskStoreContract, AFailedTaskHoldsItsError) {
    const Task task = add();
    ASSERT_TRUE(store->fail(claim(), {.code = "invalid_audio", .message = "no sound"}));
    const Task failed = find(task);
    EXPECT_EQ(failed.status, TaskStatus::failed);
    EXPECT_EQ(failed.error->code, "invalid_audio");
    EXPECT_EQ(failed.error->message, "no sound");
    EXPECT_EQ(failed.finished_at, clock.now());
    EXPECT_FALSE(failed.result);
}

TEST_P(TaskStoreContract, ACancelledAttemptEndsCancelled) {
    const Task task = add();
    const Lease lease = claim();
    store->cancel(task.task_id);
    ASSERT_TRUE(store->mark_cancelled(lease));
    EXPECT_EQ(find(task).status, TaskStatus::cancelled);
    EXPECT_EQ(find(task).finished_at, clock.now());
}

TEST_P(TaskStoreContract, AReleasedTaskIsNextAgainAndNothingIsCounted) {
    const Task task = add();
    add();
    const Lease lease = claim();
    ASSERT_TRUE(store->release(lease));

    const Task released = find(task);
    EXPECT_EQ(released.status, TaskStatus::pending);
    EXPECT_EQ(released.seq, task.seq);
    EXPECT_EQ(released.lease_losses, 0);
    EXPECT_FALSE(released.not_before || released.lease_until);
    EXPECT_EQ(released.worker, "");
    const Lease next = claim();
    EXPECT_EQ(next.task.task_id, task.task_id);
    EXPECT_EQ(next.epoch, 2);
}

TEST_P(TaskStoreContract, AReleasedTaskThatWasToBeCancelledIsCancelled) {
    const Task task = add();
    const Lease lease = claim();
    store->cancel(task.task_id);
    EXPECT_TRUE(store->release(lease));
    EXPECT_EQ(find(task).status, TaskStatus::cancelled);
}

// Fencing

TEST_P(TaskStoreContract, AWorkerThatLostItsLeaseCanDoNothingAnyMore) {
    const Task task = add();
    const Lease lost = claim("zombie");
    clock.advance(kLease);
    store->reap(kMaxLosses, kNoBackOff);
    const Lease held = claim("alive");
    EXPECT_EQ(held.epoch, lost.epoch + 1);

    EXPECT_FALSE(store->renew(lost, kLease));
    EXPECT_FALSE(store->report_progress(lost, 99, Stage::encoding));
    EXPECT_FALSE(store->complete(lost, stems()));
    EXPECT_FALSE(store->fail(lost, {}));
    EXPECT_FALSE(store->mark_cancelled(lost));
    EXPECT_FALSE(store->release(lost));
    EXPECT_EQ(find(task).progress, 0);
    EXPECT_EQ(find(task).worker, "alive");
    EXPECT_TRUE(store->complete(held, stems()));
}

TEST_P(TaskStoreContract, ALeaseIsLostAsSoonAsItsTaskIsPendingAgain) {
    add();
    const Lease lost = claim();
    store->give_back("worker", kMaxLosses, kNoBackOff);
    EXPECT_FALSE(store->renew(lost, kLease));
    EXPECT_FALSE(store->complete(lost, stems()));
}

TEST_P(TaskStoreContract, AFinalStateNeverChanges) {
    for (const auto end : {TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
        const Task task = add();
        const Lease lease = claim();
        if (end == TaskStatus::completed) store->complete(lease, stems());
        if (end == TaskStatus::failed) store->fail(lease, {.code = "a", .message = "b"});
        if (end == TaskStatus::cancelled) store->mark_cancelled(lease);
        clock.advance(1h);

        EXPECT_FALSE(store->renew(lease, kLease));
        EXPECT_FALSE(store->report_progress(lease, 1, Stage::decoding));
        EXPECT_FALSE(store->complete(lease, stems()));
        EXPECT_FALSE(store->fail(lease, {}));
        EXPECT_FALSE(store->mark_cancelled(lease));
        EXPECT_FALSE(store->release(lease));
        EXPECT_FALSE(store->give_back("worker", kMaxLosses, kNoBackOff));
        EXPECT_TRUE(store->reap(kMaxLosses, kNoBackOff).empty());
        EXPECT_EQ(store->cancel(task.task_id), CancelOutcome::already_final);
        EXPECT_FALSE(store->claim("worker", kLease));
        EXPECT_EQ(find(task).status, end);
        EXPECT_EQ(find(task).finished_at, clock.now() - 1h);
    }
}

// Workers that vanish

TEST_P(TaskStoreContract, TheTaskOfADeadWorkerIsGivenBackAtOnceAndCounted) {
    const Task task = add();
    add();
    claim("dead");
    const auto reaped = store->give_back("dead", kMaxLosses, kNoBackOff);
    ASSERT_TRUE(reaped);
    EXPECT_EQ(reaped->task_id, task.task_id);
    EXPECT_EQ(reaped->outcome, GiveBackOutcome::requeued);
    EXPECT_EQ(find(task).lease_losses, 1);
    EXPECT_EQ(find(task).seq, task.seq);
    EXPECT_EQ(claim().task.task_id, task.task_id);
}

TEST_P(TaskStoreContract, AWorkerThatHeldNothingGivesNothingBack) {
    add();
    claim("alive");
    EXPECT_FALSE(store->give_back("dead", kMaxLosses, kNoBackOff));
    EXPECT_FALSE(store->give_back("", kMaxLosses, kNoBackOff));
}

TEST_P(TaskStoreContract, ATaskThatKeepsLosingItsWorkersFails) {
    const Task task = add();
    for (int loss = 1; loss < kMaxLosses; ++loss) {
        claim();
        EXPECT_EQ(store->give_back("worker", kMaxLosses, kNoBackOff)->outcome, GiveBackOutcome::requeued);
    }
    claim();
    EXPECT_EQ(store->give_back("worker", kMaxLosses, kNoBackOff)->outcome, GiveBackOutcome::failed);
    const Task failed = find(task);
    EXPECT_EQ(failed.status, TaskStatus::failed);
    EXPECT_EQ(failed.lease_losses, kMaxLosses);
    EXPECT_EQ(failed.error->code, "worker_crashed");
    EXPECT_FALSE(failed.error->message.empty());
}

TEST_P(TaskStoreContract, ReleasesBetweenLossesCountNothing) {
    const Task task = add();
    for (int round = 0; round < 10; ++round) EXPECT_TRUE(store->release(claim()));
    EXPECT_EQ(find(task).lease_losses, 0);
    EXPECT_EQ(find(task).epoch, 10);
    claim();
    EXPECT_EQ(store->give_back("worker", kMaxLosses, kNoBackOff)->outcome, GiveBackOutcome::requeued);
}

TEST_P(TaskStoreContract, ALeaseThatRanOutIsReapedLikeADeath) {
    const Task task = add();
    for (int loss = 1; loss <= kMaxLosses; ++loss) {
        claim();
        EXPECT_TRUE(store->reap(kMaxLosses, kNoBackOff).empty());
        clock.advance(kLease);
        const auto reaped = store->reap(kMaxLosses, kNoBackOff);
        ASSERT_EQ(reaped.size(), 1u);
        EXPECT_EQ(reaped[0].task_id, task.task_id);
        EXPECT_EQ(reaped[0].outcome, loss < kMaxLosses ? GiveBackOutcome::requeued : GiveBackOutcome::failed);
    }
    EXPECT_EQ(find(task).error->code, "worker_crashed");
}

TEST_P(TaskStoreContract, EveryLeaseThatRanOutIsReaped) {
    for (int i = 0; i < 250; ++i) add();
    for (int i = 0; i < 250; ++i) claim("worker-" + std::to_string(i));
    clock.advance(kLease);
    EXPECT_EQ(store->reap(kMaxLosses, kNoBackOff).size(), 250u);
    EXPECT_EQ(store->statistics().pending, 250);
}

TEST_P(TaskStoreContract, ATaskGivenBackWaitsForItsBackOffWhileOthersStart) {
    const Task unlucky = add();
    const Task next = add();
    claim();
    store->give_back("worker", kMaxLosses, /*back_off=*/10s);
    EXPECT_EQ(find(unlucky).not_before, clock.now() + 10s);

    EXPECT_EQ(claim().task.task_id, next.task_id);
    clock.advance(9999ms);
    EXPECT_FALSE(store->claim("worker", kLease));
    clock.advance(1ms);
    EXPECT_EQ(claim().task.task_id, unlucky.task_id);
}

TEST_P(TaskStoreContract, ACancelWinsWhenTheWorkerDies) {
    const Task died = add();
    claim("dead");
    store->cancel(died.task_id);
    EXPECT_EQ(store->give_back("dead", kMaxLosses, kNoBackOff)->outcome, GiveBackOutcome::cancelled);
    EXPECT_EQ(find(died).status, TaskStatus::cancelled);

    const Task ran_out = add();
    claim("lost");
    store->cancel(ran_out.task_id);
    clock.advance(kLease);
    EXPECT_EQ(store->reap(/*max_losses=*/1, kNoBackOff).at(0).outcome, GiveBackOutcome::cancelled);
    EXPECT_EQ(find(ran_out).status, TaskStatus::cancelled);
}

// Cancelling

TEST_P(TaskStoreContract, APendingTaskIsCancelledAtOnce) {
    const Task task = add();
    EXPECT_EQ(store->cancel(task.task_id), CancelOutcome::cancelled);
    EXPECT_EQ(find(task).status, TaskStatus::cancelled);
    EXPECT_EQ(find(task).finished_at, clock.now());
    EXPECT_EQ(find(task).cancel_requested_at, clock.now());
    EXPECT_FALSE(store->claim("worker", kLease));
    EXPECT_EQ(store->cancel(task.task_id), CancelOutcome::already_final);
}

TEST_P(TaskStoreContract, ARunningTaskIsAskedToStopAndTheFirstRequestIsRemembered) {
    const Task task = add();
    claim();
    EXPECT_EQ(store->cancel(task.task_id), CancelOutcome::requested);
    const Timestamp first = clock.now();
    clock.advance(1s);
    EXPECT_EQ(store->cancel(task.task_id), CancelOutcome::requested);
    EXPECT_EQ(find(task).status, TaskStatus::processing);
    EXPECT_EQ(find(task).cancel_requested_at, first);
}

TEST_P(TaskStoreContract, ATaskThatFinishedBeforeTheRequestReachedItIsCompleted) {
    const Task task = add();
    const Lease lease = claim();
    store->cancel(task.task_id);
    EXPECT_TRUE(store->complete(lease, stems()));
    EXPECT_EQ(find(task).status, TaskStatus::completed);
}

TEST_P(TaskStoreContract, CancellingWhatIsNotThereSaysSo) {
    EXPECT_FALSE(store->cancel("nothing"));
}

// Wall clocks that jump

TEST_P(TaskStoreContract, AJumpOfTheWallClockEndsNoLease) {
    add();
    const Lease lease = claim();
    for (const auto jump : {48h, -96h, 48h}) {
        clock.set_wall(clock.now() + jump);
        EXPECT_TRUE(store->reap(kMaxLosses, kNoBackOff).empty());
        EXPECT_TRUE(store->renew(lease, kLease));
        EXPECT_EQ(find(lease.task).lease_until, clock.now() + kLease);
    }
}

TEST_P(TaskStoreContract, AJumpOfTheWallClockMakesNoLeaseImmortal) {
    add();
    claim();
    clock.set_wall(clock.now() - 48h);
    clock.advance(kLease);
    EXPECT_EQ(store->reap(kMaxLosses, kNoBackOff).size(), 1u);
}

TEST_P(TaskStoreContract, AJumpOfTheWallClockProlongsNoBackOff) {
    add();
    claim();
    store->give_back("worker", kMaxLosses, /*back_off=*/10s);
    clock.set_wall(clock.now() + 48h);
    EXPECT_FALSE(store->claim("worker", kLease));
    clock.set_wall(clock.now() - 96h);
    clock.advance(10s);
    EXPECT_TRUE(store->claim("worker", kLease));
}

TEST_P(TaskStoreContract, AStoreOpenedAfterAJumpAgreesWithTheOthers) {
    add();
    claim();
    clock.set_wall(clock.now() + 48h);
    const auto other = open();
    EXPECT_TRUE(other->reap(kMaxLosses, kNoBackOff).empty());
    clock.advance(kLease);
    EXPECT_EQ(other->reap(kMaxLosses, kNoBackOff).size(), 1u);
}

// Tasks that need so much of a device's memory.
tasks::NewTask needing(int64_t device_bytes) {
    tasks::NewTask task = song();
    task.device_bytes = device_bytes;
    return task;
}

TEST_P(TaskStoreContract, ATaskTooLargeForADeviceGoesToALargerOne) {
    const auto large = add(needing(800));
    const auto small = add(needing(100));

    const auto on_small = store->claim("a", kLease, {.device = "small", .total_bytes = 500});
    const auto on_large = store->claim("b", kLease, {.device = "large", .total_bytes = 1'000});
    ASSERT_TRUE(on_small && on_large);
    EXPECT_EQ(on_small->task.task_id, small.task_id);
    EXPECT_EQ(on_large->task.task_id, large.task_id);
    EXPECT_EQ(find(large).device, "large");
    EXPECT_EQ(find(large).device_bytes, 800);
}

TEST_P(TaskStoreContract, TasksOfOneDeviceNeverNeedMoreTogetherThanItHas) {
    for (const int64_t bytes : {600, 300, 200}) add(needing(bytes));
    const tasks::Room device{.device = "gpu", .total_bytes = 1'000};

    const auto first = store->claim("a", kLease, device);
    ASSERT_TRUE(first && store->claim("b", kLease, device));
    EXPECT_FALSE(store->claim("c", kLease, device)) << "600 + 300 + 200 of 1000";
    EXPECT_TRUE(store->release(*first));
    const auto next = store->claim("c", kLease, device);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->task.device_bytes, 600) << "it was submitted first";
}

TEST_P(TaskStoreContract, AnotherDevicesTasksTakeNoMemoryOfThisOne) {
    add(needing(600));
    add(needing(600));
    ASSERT_TRUE(store->claim("a", kLease, {.device = "gpu 0", .total_bytes = 1'000}));
    EXPECT_TRUE(store->claim("b", kLease, {.device = "gpu 1", .total_bytes = 1'000}));
}

TEST_P(TaskStoreContract, ATaskWaitsUntilTheDeviceHasTheMemoryFree) {
    const auto task = add(needing(600));
    add(needing(100));
    tasks::Room device{.device = "gpu", .total_bytes = 1'000, .free_bytes = 599};
    EXPECT_FALSE(store->claim("a", kLease, device)) << "a younger task does not overtake it";
    device.free_bytes = 600;
    EXPECT_EQ(store->claim("a", kLease, device)->task.task_id, task.task_id);
}

TEST_P(TaskStoreContract, ATaskThatNeedsNoDeviceMemoryAlwaysFits) {
    add(needing(0));
    EXPECT_TRUE(store->claim("a", kLease, {.device = "gpu", .total_bytes = 0, .free_bytes = 0}));
}

TEST_P(TaskStoreContract, TasksThatFitNowhereAreFoundByWhatTheyNeed) {
    add(needing(1'000));
    const auto hopeless = add(needing(1'001));
    EXPECT_EQ(store->claim("a", kLease, {.more_than_bytes = 1'000})->task.task_id, hopeless.task_id);
    EXPECT_FALSE(store->claim("a", kLease, {.more_than_bytes = 1'000}));
}

TEST_P(TaskStoreContract, ADeletedTaskIsCancelledAndErasedOnceItIsFinal) {
    const auto running = add();
    const auto waiting = add();
    const auto lease = claim();
    EXPECT_EQ(store->request_erasure(running.task_id), tasks::CancelOutcome::requested);
    EXPECT_EQ(store->request_erasure(waiting.task_id), tasks::CancelOutcome::cancelled);
    EXPECT_FALSE(store->request_erasure("0190a000-0000-7000-8000-000000000000"));
    EXPECT_TRUE(find(running).erase_requested_at);

    ASSERT_EQ(store->to_erase(/*limit=*/10).size(), 1U);
    EXPECT_EQ(store->to_erase(10)[0].task_id, waiting.task_id);
    EXPECT_TRUE(store->mark_cancelled(lease));
    store = open();
    EXPECT_EQ(store->to_erase(10).size(), 2U);
    EXPECT_EQ(store->to_erase(1).size(), 1U);
    EXPECT_TRUE(store->erase(running.task_id));
    EXPECT_EQ(store->to_erase(10).size(), 1U);
}

TEST_P(TaskStoreContract, ADeletedTaskIsHiddenFromThoseWhoAskForThat) {
    const auto kept = add();
    const auto deleted = add();
    claim();
    store->request_erasure(deleted.task_id);
    EXPECT_EQ(store->list({}).size(), 2U);
    using Statuses = std::vector<tasks::TaskStatus>;
    for (const Statuses& statuses :
         {Statuses{}, Statuses{tasks::TaskStatus::processing, tasks::TaskStatus::cancelled}}) {
        const auto shown = store->list({.owner = std::nullopt, .statuses = statuses, .hides_erased = true});
        ASSERT_EQ(shown.size(), 1U);
        EXPECT_EQ(shown[0].task_id, kept.task_id);
    }
}

TEST_P(TaskStoreContract, AStoreThatWorksAnswersAPing) {
    EXPECT_NO_THROW(store->ping());
}

}  // namespace
}  // namespace msst::store::testing
