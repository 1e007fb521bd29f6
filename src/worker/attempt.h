#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"
#include "worker/separator_cache.h"

namespace msst::worker {

enum class AttemptEnd {
    completed,
    failed,
    tainted,    // failed, and the process may not be trusted any more
    cancelled,  // by the client
    released,   // drained: the task is pending again
    lost,       // the lease, or the store: nothing was published by us, or nobody can say
};

struct AttemptParts {
    tasks::TaskStore& store;
    tasks::BlobStore& blobs;
    SeparatorCache& separators;
    const Clock& clock;
    Log& log;
    Milliseconds lease{30'000};
    double max_audio_seconds = 0;  // 0: no limit
    std::function<std::optional<Milliseconds>()> drain_deadline = {};
    std::function<void(double fraction)> on_advance = {};
};

// Runs a claimed task to an end and tells the store about it. Stems go to the result directory of the epoch,
// are synced, and count from the guarded statement that completes the task. Whatever the end, no files of
// this attempt stay behind unless they count; files that no longer matter (the upload, other epochs) are
// erased after it.
//
// claimed_at: monotonic, before the claim was sent. Never throws.
AttemptEnd run_attempt(const AttemptParts& parts, const tasks::Lease& lease, Milliseconds claimed_at);

}  // namespace msst::worker
