#include "store/sqlite/task_store.h"

#include "store/sqlite/database_file.h"
#include "store/sqlite/leases.h"
#include "store/sqlite/listing.h"
#include "store/sqlite/rate_limit.h"
#include "store/sqlite/retention.h"
#include "store/sqlite/submission.h"

// Which connection each promise of tasks/task_store.h runs on, and how durable it is; the statements
// themselves are in submission.cpp, leases.cpp, listing.cpp, retention.cpp and rate_limit.cpp.

namespace msst::store::sqlite {
namespace {

StoreClock open_clock(const std::filesystem::path& file, const Clock& clock, const std::string& boot_id) {
    const auto database = open_database_file(file);
    return StoreClock::open(clock, *database, boot_id);
}

}  // namespace

SqliteTaskStore::SqliteTaskStore(const std::filesystem::path& file, const Clock& clock,
                                 const std::string& boot_id)
    : readers_(file), writes_(file, readers_), clock_(open_clock(file, clock, boot_id)) {}

tasks::AddResult SqliteTaskStore::add(const tasks::NewTask& task, int64_t max_queued) {
    return writes_.run(Durability::synced,
                       [&](Database& db) { return add_task(db, clock_, task, max_queued); });
}

std::optional<tasks::TaskStore::IdempotentTask> SqliteTaskStore::find_by_idempotency_key(
    const std::string& owner, const std::string& key) {
    return readers_.ask([&](Database& db) { return find_idempotent(db, clock_, owner, key); });
}

std::optional<tasks::Task> SqliteTaskStore::find(const std::string& task_id) {
    return readers_.ask([&](Database& db) { return find_task(db, clock_, task_id); });
}

std::vector<tasks::Task> SqliteTaskStore::list(const tasks::TaskQuery& query) {
    return readers_.ask([&](Database& db) { return list_tasks(db, clock_, query); });
}

std::optional<int64_t> SqliteTaskStore::queue_position(const tasks::Task& task) {
    return readers_.ask([&](Database& db) { return find_queue_position(db, task.task_id); });
}

std::optional<tasks::Lease> SqliteTaskStore::claim(const std::string& worker, Milliseconds duration,
                                                   const tasks::Room& room) {
    // Idle workers ask all the time: they must not take the right to write from those who need it.
    if (!readers_.ask([&](Database& db) { return has_due_task(db, clock_, room); })) return std::nullopt;
    return writes_.run(Durability::synced,
                       [&](Database& db) { return claim_task(db, clock_, worker, duration, room); });
}

std::optional<tasks::Renewal> SqliteTaskStore::renew(const tasks::Lease& lease, Milliseconds duration) {
    return writes_.run(Durability::relaxed,
                       [&](Database& db) { return renew_lease(db, clock_, lease, duration); });
}

bool SqliteTaskStore::report_progress(const tasks::Lease& lease, double progress, tasks::Stage stage) {
    return writes_.run(Durability::relaxed,
                       [&](Database& db) { return write_progress(db, lease, progress, stage); });
}

bool SqliteTaskStore::complete(const tasks::Lease& lease, const tasks::TaskResult& result) {
    return writes_.run(Durability::synced,
                       [&](Database& db) { return complete_attempt(db, clock_, lease, result); });
}

bool SqliteTaskStore::fail(const tasks::Lease& lease, const tasks::TaskError& error) {
    return writes_.run(Durability::synced,
                       [&](Database& db) { return fail_attempt(db, clock_, lease, error); });
}

bool SqliteTaskStore::mark_cancelled(const tasks::Lease& lease) {
    return writes_.run(Durability::synced, [&](Database& db) { return cancel_attempt(db, clock_, lease); });
}

bool SqliteTaskStore::release(const tasks::Lease& lease) {
    return writes_.run(Durability::synced, [&](Database& db) { return release_attempt(db, clock_, lease); });
}

std::optional<tasks::Reaped> SqliteTaskStore::give_back(const std::string& worker, int max_losses,
                                                        Milliseconds back_off) {
    const LossPolicy policy{.max_losses = max_losses, .back_off = back_off};
    return writes_.run(Durability::synced,
                       [&](Database& db) { return give_back_task_of(db, clock_, worker, policy); });
}

std::vector<tasks::Reaped> SqliteTaskStore::reap(int max_losses, Milliseconds back_off) {
    const LossPolicy policy{.max_losses = max_losses, .back_off = back_off};
    if (!readers_.ask([&](Database& db) { return has_overdue_task(db, clock_); })) return {};
    std::vector<tasks::Reaped> all;
    while (true) {
        const auto some =
            writes_.run(Durability::synced, [&](Database& db) { return reap_some(db, clock_, policy); });
        if (some.empty()) return all;
        all.insert(all.end(), some.begin(), some.end());
    }
}

std::optional<tasks::CancelOutcome> SqliteTaskStore::cancel(const std::string& task_id) {
    return writes_.run(Durability::synced, [&](Database& db) { return cancel_task(db, clock_, task_id); });
}

std::optional<tasks::CancelOutcome> SqliteTaskStore::request_erasure(const std::string& task_id) {
    return writes_.run(Durability::synced,
                       [&](Database& db) { return sqlite::request_erasure(db, clock_, task_id); });
}

std::vector<tasks::Task> SqliteTaskStore::to_erase(int limit) {
    return readers_.ask([&](Database& db) { return find_to_erase(db, clock_, limit); });
}

bool SqliteTaskStore::erase(const std::string& task_id) {
    return writes_.run(Durability::synced, [&](Database& db) { return erase_task(db, task_id); });
}

std::vector<tasks::Task> SqliteTaskStore::with_expired_files(Timestamp completed_before,
                                                             Timestamp failed_before, int limit) {
    return readers_.ask(
        [&](Database& db) { return find_expired_files(db, clock_, completed_before, failed_before, limit); });
}

void SqliteTaskStore::mark_files_deleted(const std::string& task_id) {
    writes_.run(Durability::synced, [&](Database& db) { write_files_deleted(db, clock_, task_id); });
}

std::vector<tasks::Task> SqliteTaskStore::with_expired_record(Timestamp finished_before, int limit) {
    return readers_.ask(
        [&](Database& db) { return find_expired_records(db, clock_, finished_before, limit); });
}

void SqliteTaskStore::forget_idempotency_keys(Timestamp created_before) {
    const StoreClock::Tick before = clock_.to_tick(created_before);
    int64_t forgotten = 1;
    while (forgotten > 0)
        forgotten = writes_.run(Durability::relaxed,
                                [&](Database& db) { return forget_some_idempotency_keys(db, before); });
}

tasks::StoreStatistics SqliteTaskStore::statistics() {
    return readers_.ask([&](Database& db) { return read_statistics(db, clock_); });
}

tasks::TaskStore::RateDecision SqliteTaskStore::count_request(const std::string& key, int64_t limit) {
    return writes_.run(Durability::relaxed,
                       [&](Database& db) { return count_one_request(db, clock_, key, limit); });
}

void SqliteTaskStore::ping() {
    readers_.ask([](Database& db) { return db.read_integer("SELECT count(*) FROM totals"); });
}

}  // namespace msst::store::sqlite
