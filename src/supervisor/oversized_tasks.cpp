#include "supervisor/oversized_tasks.h"

#include "base/text.h"

namespace msst::supervisor {

int fail_oversized(tasks::TaskStore& store, const std::string& worker_id, Milliseconds lease,
                   int64_t largest_bytes) {
    int failed = 0;
    while (const auto claimed = store.claim(worker_id, lease, {.more_than_bytes = largest_bytes})) {
        const tasks::TaskError error{.code = "model_unavailable",
                                     .message = "The model needs " +
                                                std::to_string(claimed->task.device_bytes) +
                                                " bytes of device memory, the largest device has " +
                                                std::to_string(largest_bytes) + "."};
        if (store.fail(*claimed, error)) ++failed;
    }
    return failed;
}

}  // namespace msst::supervisor
