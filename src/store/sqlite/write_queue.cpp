#include "store/sqlite/write_queue.h"

#include <algorithm>

#include "base/error.h"

namespace msst::store::sqlite {
namespace {

// So many share a transaction at most: bounds how long the write lock is held.
constexpr size_t kLargestBatch = 256;

// The write-ahead log is copied into the database after every so many pages (of 4 KiB); from kTruncatePages
// on we also wait for its readers to let go of it, so that it starts at its beginning again: those of this
// process, which begin nothing new meanwhile, and others'. In vain: not again for a while.
constexpr int kCopyPages = 1000;
constexpr int kTruncatePages = 4000;
constexpr std::chrono::milliseconds kReadersPatience{200};
constexpr std::chrono::milliseconds kOthersPatience{50};
constexpr std::chrono::seconds kTruncateRetry{1};

void run_in_savepoint(Database& database, const std::function<void(Database&)>& job) {
    database.run("SAVEPOINT job");
    job(database);
    database.run("RELEASE job");
}

}  // namespace

void WriteQueue::wait_for(Ticket ticket) {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&ticket);
    while (!ticket.is_done) {
        if (has_leader_) {
            changed_.wait(lock);
            continue;
        }
        has_leader_ = true;
        Batch batch = take_batch();
        lock.unlock();
        lead(batch);
        lock.lock();
        has_leader_ = false;
        changed_.notify_all();
    }
    lock.unlock();
    if (ticket.error) std::rethrow_exception(ticket.error);
}

WriteQueue::Batch WriteQueue::take_batch() {
    const auto end = waiting_.begin() + std::min(waiting_.size(), kLargestBatch);
    Batch batch(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    return batch;
}

void WriteQueue::lead(Batch& batch) {
    try {
        commit(batch);
    } catch (...) {
        for (Ticket* ticket : batch)
            if (!ticket->error) ticket->error = std::current_exception();
    }
    {
        // Everybody is answered before the log is looked after; from here on the tickets belong to others.
        const std::lock_guard lock(mutex_);
        for (Ticket* ticket : batch) ticket->is_done = true;
    }
    changed_.notify_all();
    if (database_ && !database_->is_broken()) keep_log_short();
    if (database_ && database_->is_broken()) database_.reset();
}

void WriteQueue::commit(Batch& batch) {
    const bool synced = std::ranges::any_of(
        batch, [](const Ticket* ticket) { return ticket->durability == Durability::synced; });
    Database& database = open_connection(synced ? Durability::synced : Durability::relaxed);
    Transaction transaction(database);
    for (Ticket* ticket : batch) {
        try {
            run_in_savepoint(database, ticket->job);
        } catch (...) {
            // A full disk or an I/O error ends the whole transaction, a mistake of one job only that job.
            if (!database.in_transaction()) throw;
            ticket->error = std::current_exception();
            database.run("ROLLBACK TO job");
            database.run("RELEASE job");
        }
    }
    transaction.commit();
}

Database& WriteQueue::open_connection(Durability durability) {
    const bool is_new = database_ == nullptr;
    if (is_new) {
        pages_copied_ = 0;
        database_ = std::make_unique<Database>(file_, Database::Access::read_write);
        database_->execute("PRAGMA journal_size_limit = 4194304");
        // A statement that touches more than 64 KiB of pages keeps what it may have to undo in a temporary
        // file otherwise, which a worker's sandbox does not let it make.
        database_->execute("PRAGMA temp_store = MEMORY");
    }
    if (is_new || connection_durability_ != durability) {
        const bool full = durability == Durability::synced;
        database_->run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        connection_durability_ = durability;
    }
    return *database_;
}

// A log that is never reset grows for ever. Copying never waits for anybody, but the log only starts again at
// its beginning in a moment without readers; past kTruncatePages we make that moment.
void WriteQueue::keep_log_short() {
    const int pages = database_->wal_pages();
    if (pages < pages_copied_) pages_copied_ = 0;  // the log started again
    if (pages - pages_copied_ < kCopyPages) return;
    pages_copied_ = pages;
    const auto now = std::chrono::steady_clock::now();
    try {
        if (pages < kTruncatePages || now < next_truncation_)
            database_->run("PRAGMA wal_checkpoint(PASSIVE)");
        else if (!truncate_log())
            next_truncation_ = now + kTruncateRetry;
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
        // The commit stands whatever becomes of the copy; a broken connection is replaced, a full disk met
        // again.
    }
    database_->set_busy_timeout(Database::kBusyTimeout);
}

// False: somebody read all the time.
bool WriteQueue::truncate_log() {
    // The pause, and the lock that other writers then wait for, are for what this leaves.
    database_->run("PRAGMA wal_checkpoint(PASSIVE)");
    const auto pause = readers_.pause(kReadersPatience);
    database_->set_busy_timeout(kOthersPatience);
    const int64_t is_busy = database_->read_integer("PRAGMA wal_checkpoint(TRUNCATE)");
    return is_busy == 0;
}

}  // namespace msst::store::sqlite
