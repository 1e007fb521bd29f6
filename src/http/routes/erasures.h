#pragma once

#include <string>

namespace msst::tasks {
class BlobStore;
class TaskStore;
}  // namespace msst::tasks

namespace msst::http::routes {

// Erases a final task: files first, so that no record is gone while its files are there. False: the task is
// not final yet, or already gone. Throws as the stores.
bool erase_task(tasks::TaskStore& store, tasks::BlobStore& blobs, const std::string& task_id);

// Erases the tasks whose client deleted them while their worker did not stop in time, once it has. The store
// remembers them, so that a restart changes nothing. Call it every few seconds. Throws as the stores.
void sweep_erasures(tasks::TaskStore& store, tasks::BlobStore& blobs);

}  // namespace msst::http::routes
