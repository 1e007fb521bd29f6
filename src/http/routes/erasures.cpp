#include "http/routes/erasures.h"

#include "tasks/blob_store.h"
#include "tasks/task_store.h"

namespace msst::http::routes {

bool erase_task(tasks::TaskStore& store, tasks::BlobStore& blobs, const std::string& task_id) {
    const auto task = store.find(task_id);
    if (!task || !tasks::is_final(task->status)) return false;
    blobs.erase_results(task_id);
    blobs.erase_upload(task->input_key);
    return store.erase(task_id);
}

void Erasures::add(const std::string& task_id) {
    const std::lock_guard lock(mutex_);
    waiting_.insert(task_id);
}

bool Erasures::contains(const std::string& task_id) const {
    const std::lock_guard lock(mutex_);
    return waiting_.contains(task_id);
}

void Erasures::sweep(tasks::TaskStore& store, tasks::BlobStore& blobs) {
    std::set<std::string> ids;
    {
        const std::lock_guard lock(mutex_);
        ids = waiting_;
    }
    for (const std::string& id : ids) {
        if (!erase_task(store, blobs, id) && store.find(id)) continue;
        const std::lock_guard lock(mutex_);
        waiting_.erase(id);
    }
}

}  // namespace msst::http::routes
