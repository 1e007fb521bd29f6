#include "supervisor/janitor.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>

namespace msst::supervisor {
namespace {

constexpr int kKeysPerPage = 100;

// Keys of the uploads that pending and running tasks still need.
std::set<std::string> list_needed_uploads(tasks::TaskStore& store) {
    std::set<std::string> keys;
    tasks::TaskQuery query{.owner = std::nullopt,
                           .statuses = {tasks::TaskStatus::pending, tasks::TaskStatus::processing},
                           .model_type = {},
                           .before_task_id = {},
                           .limit = kKeysPerPage};
    while (true) {
        const auto page = store.list(query);
        for (const tasks::Task& task : page) keys.insert(task.input_key);
        if (page.size() < kKeysPerPage) return keys;
        query.before_task_id = page.back().task_id;
    }
}

}  // namespace

Janitor::Janitor(tasks::TaskStore& store, tasks::BlobStore& blobs, const Clock& clock, Log& log,
                 JanitorOptions options)
    : store_(store), blobs_(blobs), clock_(clock), log_(log), options_(options) {}

void Janitor::sweep(const std::stop_token& stop) {
    expire_files(stop);
    expire_records(stop);
    if (stop.stop_requested()) return;
    store_.forget_idempotency_keys(clock_.now() - options_.key_retention);
    const Milliseconds now = clock_.monotonic();
    if (next_orphan_sweep_ && now < *next_orphan_sweep_) return;
    sweep_orphans(stop);
    next_orphan_sweep_ = now + options_.orphan_interval;
}

void Janitor::expire_files(const std::stop_token& stop) {
    int64_t erased = 0;
    bool has_more = true;
    while (has_more && !stop.stop_requested()) {
        const Timestamp now = clock_.now();
        const auto expired = store_.with_expired_files(now - options_.completed_retention,
                                                       now - options_.failed_retention, options_.batch);
        const auto done = std::ranges::count_if(expired, [&](const auto& task) { return erase_files(task); });
        // A batch of which nothing could be erased would come again for ever.
        has_more = std::ssize(expired) == options_.batch && done > 0;
        erased += done;
    }
    if (erased > 0) log_.info("files_expired", {{"tasks", erased}});
}

bool Janitor::erase_files(const tasks::Task& task) {
    try {
        blobs_.erase_results(task.task_id);
        blobs_.erase_upload(task.input_key);
    } catch (const std::exception& error) {
        log_.warning("files_not_erased", {{"task_id", task.task_id}, {"error", error.what()}});
        return false;
    }
    // Last: until it is noted, the files are looked for again.
    store_.mark_files_deleted(task.task_id);
    return true;
}

void Janitor::expire_records(const std::stop_token& stop) {
    int64_t erased = 0;
    bool has_more = true;
    while (has_more && !stop.stop_requested()) {
        const auto expired =
            store_.with_expired_record(clock_.now() - options_.record_retention, options_.batch);
        const auto done =
            std::ranges::count_if(expired, [&](const auto& task) { return store_.erase(task.task_id); });
        has_more = std::ssize(expired) == options_.batch && done > 0;
        erased += done;
    }
    if (erased > 0) log_.info("records_expired", {{"tasks", erased}});
}

void Janitor::sweep_orphans(const std::stop_token& stop) {
    // The files first: a task that is added from here on has files that are younger.
    const auto old = blobs_.list_older_than(clock_.now() - options_.orphan_grace);
    sweep_uploads(old.uploads, stop);
    for (const std::string& task_id : old.result_task_ids) {
        if (stop.stop_requested()) return;
        sweep_results(task_id);
    }
}

void Janitor::sweep_uploads(const std::vector<std::string>& keys, const std::stop_token& stop) {
    if (keys.empty()) return;
    const std::set<std::string> needed = list_needed_uploads(store_);
    for (const std::string& key : keys) {
        if (stop.stop_requested()) return;
        if (needed.contains(key)) continue;
        blobs_.erase_upload(key);
        log_.info("orphan_erased", {{"upload", key}});
    }
}

void Janitor::sweep_results(const std::string& task_id) {
    const auto task = store_.find(task_id);
    if (!task) {
        blobs_.erase_results(task_id);
        log_.info("orphan_erased", {{"results", task_id}});
    } else if (task->status == tasks::TaskStatus::completed) {
        // What attempts left that lost their lease. Those of a task that is not final are looked at later:
        // a new attempt may begin at any moment.
        blobs_.erase_other_epochs(task_id, task->epoch);
    }
}

}  // namespace msst::supervisor
