#include "http/routes/erasures.h"

#include <iterator>

#include "tasks/blob_store.h"
#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

constexpr int kAtOnce = 20;

}  // namespace

bool erase_task(tasks::TaskStore& store, tasks::BlobStore& blobs, const std::string& task_id) {
    const auto task = store.find(task_id);
    if (!task || !tasks::is_final(task->status)) return false;
    blobs.erase_results(task_id);
    blobs.erase_upload(task->input_key);
    return store.erase(task_id);
}

void sweep_erasures(tasks::TaskStore& store, tasks::BlobStore& blobs) {
    bool has_more = true;
    while (has_more) {
        const auto tasks = store.to_erase(kAtOnce);
        for (const tasks::Task& task : tasks) erase_task(store, blobs, task.task_id);
        has_more = std::ssize(tasks) == kAtOnce;
    }
}

}  // namespace msst::http::routes
