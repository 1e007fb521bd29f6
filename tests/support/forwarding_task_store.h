#pragma once

#include "tasks/task_store.h"

namespace msst::testing {

// Passes every call on to another store; tests override what is to go wrong.
class ForwardingTaskStore : public tasks::TaskStore {
public:
    explicit ForwardingTaskStore(tasks::TaskStore& store) : store_(store) {}

    tasks::AddResult add(const tasks::NewTask& task, int64_t max_queued) override {
        return store_.add(task, max_queued);
    }
    std::optional<IdempotentTask> find_by_idempotency_key(const std::string& owner,
                                                          const std::string& key) override {
        return store_.find_by_idempotency_key(owner, key);
    }
    std::optional<tasks::Task> find(const std::string& task_id) override { return store_.find(task_id); }
    std::vector<tasks::Task> list(const tasks::TaskQuery& query) override { return store_.list(query); }
    std::optional<int64_t> queue_position(const tasks::Task& task) override {
        return store_.queue_position(task);
    }
    using TaskStore::claim;
    std::optional<tasks::Lease> claim(const std::string& worker, Milliseconds duration,
                                      const tasks::Room& room) override {
        return store_.claim(worker, duration, room);
    }
    std::optional<tasks::Renewal> renew(const tasks::Lease& lease, Milliseconds duration) override {
        return store_.renew(lease, duration);
    }
    bool report_progress(const tasks::Lease& lease, double progress, tasks::Stage stage) override {
        return store_.report_progress(lease, progress, stage);
    }
    bool complete(const tasks::Lease& lease, const tasks::TaskResult& result) override {
        return store_.complete(lease, result);
    }
    bool fail(const tasks::Lease& lease, const tasks::TaskError& error) override {
        return store_.fail(lease, error);
    }
    bool mark_cancelled(const tasks::Lease& lease) override { return store_.mark_cancelled(lease); }
    bool release(const tasks::Lease& lease) override { return store_.release(lease); }
    std::optional<tasks::Reaped> give_back(const std::string& worker, int max_losses,
                                           Milliseconds back_off) override {
        return store_.give_back(worker, max_losses, back_off);
    }
    std::vector<tasks::Reaped> reap(int max_losses, Milliseconds back_off) override {
        return store_.reap(max_losses, back_off);
    }
    std::optional<tasks::CancelOutcome> cancel(const std::string& task_id) override {
        return store_.cancel(task_id);
    }
    std::optional<tasks::CancelOutcome> request_erasure(const std::string& task_id) override {
        return store_.request_erasure(task_id);
    }
    std::vector<tasks::Task> to_erase(int limit) override { return store_.to_erase(limit); }
    bool erase(const std::string& task_id) override { return store_.erase(task_id); }
    std::vector<tasks::Task> with_expired_files(Timestamp completed_before, Timestamp failed_before,
                                                int limit) override {
        return store_.with_expired_files(completed_before, failed_before, limit);
    }
    void mark_files_deleted(const std::string& task_id) override { store_.mark_files_deleted(task_id); }
    std::vector<tasks::Task> with_expired_record(Timestamp finished_before, int limit) override {
        return store_.with_expired_record(finished_before, limit);
    }
    void forget_idempotency_keys(Timestamp created_before) override {
        store_.forget_idempotency_keys(created_before);
    }
    tasks::StoreStatistics statistics() override { return store_.statistics(); }
    RateDecision count_request(const std::string& key, int64_t limit) override {
        return store_.count_request(key, limit);
    }
    void ping() override { store_.ping(); }

private:
    tasks::TaskStore& store_;
};

}  // namespace msst::testing
