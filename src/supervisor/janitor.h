#pragma once

#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"

namespace msst::supervisor {

struct JanitorOptions {
    Milliseconds completed_retention{std::chrono::hours(24)};  // of the audio of completed tasks
    Milliseconds failed_retention{std::chrono::hours(24)};     // of what failed and cancelled ones left
    Milliseconds record_retention{std::chrono::hours(168)};
    Milliseconds key_retention{std::chrono::hours(24)};  // of idempotency keys
    Milliseconds orphan_grace{std::chrono::hours(1)};    // files younger than this are left alone
    Milliseconds orphan_interval{std::chrono::minutes(10)};
    int batch = 20;  // tasks per statement
};

// Retention, and the files that no record knows of (a crash between two steps).
// Works in small steps, so that nobody waits for it, and never touches what a
// pending or running task uses. Each step may be repeated: a crash between
// erasing files and noting it costs nothing. Several servers may sweep at once.
class Janitor {
public:
    Janitor(tasks::TaskStore& store, tasks::BlobStore& blobs, const Clock& clock, Log& log,
            JanitorOptions options);

    // One round, cut short when `stop` is requested. Throws as the stores; a file that cannot be erased only
    // costs a line in the log and is tried again in the next round.
    void sweep(const std::stop_token& stop);

private:
    void expire_files(const std::stop_token& stop);
    bool erase_files(const tasks::Task& task);
    void expire_records(const std::stop_token& stop);
    void sweep_orphans(const std::stop_token& stop);
    void sweep_uploads(const std::vector<std::string>& keys, const std::stop_token& stop);
    void sweep_results(const std::string& task_id);

    tasks::TaskStore& store_;
    tasks::BlobStore& blobs_;
    const Clock& clock_;
    Log& log_;
    JanitorOptions options_;
    std::optional<Milliseconds> next_orphan_sweep_;  // monotonic
};

}  // namespace msst::supervisor
