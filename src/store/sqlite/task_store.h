#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/store_clock.h"
#include "store/sqlite/write_queue.h"
#include "tasks/task_store.h"

namespace msst::store::sqlite {

// The task store in one SQLite file (write-ahead log), for one machine: any number of its processes may have
// the file open at once.
//
// Changes of state are synced before the call returns (synchronous=FULL, shared by whoever waits at the
// time); renewals, progress and counted requests are not (NORMAL): a power cut may take the last of them, and
// voids every lease anyway. docs/decisions/0005-sqlite-durability.md.
class SqliteTaskStore final : public tasks::TaskStore {
public:
    // Makes the file if nothing is there (mode 0600), else examines it (quick_check) and brings its schema up
    // to date. Throws Error(unavailable), having changed nothing, for a file that is damaged, not ours or of
    // a newer version. clock must outlive the store. boot_id: what the machine's boot is called.
    SqliteTaskStore(const std::filesystem::path& file, const Clock& clock,
                    const std::string& boot_id = current_boot_id());

    tasks::AddResult add(const tasks::NewTask& task, int64_t max_queued) override;
    std::optional<IdempotentTask> find_by_idempotency_key(const std::string& owner,
                                                          const std::string& key) override;
    std::optional<tasks::Task> find(const std::string& task_id) override;
    std::vector<tasks::Task> list(const tasks::TaskQuery& query) override;
    std::optional<int64_t> queue_position(const tasks::Task& task) override;

    using TaskStore::claim;
    std::optional<tasks::Lease> claim(const std::string& worker, Milliseconds duration,
                                      const tasks::Room& room) override;
    std::optional<tasks::Renewal> renew(const tasks::Lease& lease, Milliseconds duration) override;
    bool report_progress(const tasks::Lease& lease, double progress, tasks::Stage stage) override;
    bool complete(const tasks::Lease& lease, const tasks::TaskResult& result) override;
    bool fail(const tasks::Lease& lease, const tasks::TaskError& error) override;
    bool mark_cancelled(const tasks::Lease& lease) override;
    bool release(const tasks::Lease& lease) override;
    std::optional<tasks::Reaped> give_back(const std::string& worker, int max_losses,
                                           Milliseconds back_off) override;
    std::vector<tasks::Reaped> reap(int max_losses, Milliseconds back_off) override;
    std::optional<tasks::CancelOutcome> cancel(const std::string& task_id) override;

    std::optional<tasks::CancelOutcome> request_erasure(const std::string& task_id) override;
    std::vector<tasks::Task> to_erase(int limit) override;
    bool erase(const std::string& task_id) override;
    std::vector<tasks::Task> with_expired_files(Timestamp completed_before, Timestamp failed_before,
                                                int limit) override;
    void mark_files_deleted(const std::string& task_id) override;
    std::vector<tasks::Task> with_expired_record(Timestamp finished_before, int limit) override;
    void forget_idempotency_keys(Timestamp created_before) override;

    tasks::StoreStatistics statistics() override;
    RateDecision count_request(const std::string& key, int64_t limit) override;
    void ping() override;

private:
    ReaderPool readers_;
    WriteQueue writes_;
    StoreClock clock_;
};

}  // namespace msst::store::sqlite
