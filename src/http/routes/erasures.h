#pragma once

#include <mutex>
#include <set>
#include <string>

namespace msst::tasks {
class BlobStore;
class TaskStore;
}  // namespace msst::tasks

namespace msst::http::routes {

// Erases a final task: files first, so that no record is gone while its files are there. False: the task is
// not final yet, or already gone. Throws as the stores.
bool erase_task(tasks::TaskStore& store, tasks::BlobStore& blobs, const std::string& task_id);

// Tasks that were deleted while their worker did not stop in time: unknown from then on, erased when it has.
// Thread-safe. Forgotten when the process ends; the tasks are cancelled by then, and retention removes them.
class Erasures {
public:
    void add(const std::string& task_id);
    bool contains(const std::string& task_id) const;

    // Erases those that are final by now. Call it every few seconds. Throws as the stores.
    void sweep(tasks::TaskStore& store, tasks::BlobStore& blobs);

private:
    mutable std::mutex mutex_;
    std::set<std::string> waiting_;
};

}  // namespace msst::http::routes
