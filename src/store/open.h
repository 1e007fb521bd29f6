#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "tasks/blob_store.h"
#include "tasks/task_store.h"

// The two stores of a data directory, the only place that knows how it is laid out:
//
//   msst.db (+ -wal, -shm)   the tasks: SQLite
//   uploads/ results/ tmp/   the audio: plain files
//
// Folders are made with mode 0700 and files with 0600, whatever the umask. A server and any number of workers
// may have the same directory open at once.

namespace msst::store {

// Throws Error(unavailable) with instructions, having changed nothing, if the database is damaged, of a newer
// version, or missing where there are uploads or results: an empty database is never put beside them, since
// their files would then be swept away. clock must outlive the store.
std::unique_ptr<tasks::TaskStore> open_task_store(const std::filesystem::path& data_dir, const Clock& clock);

std::unique_ptr<tasks::BlobStore> open_blob_store(const std::filesystem::path& data_dir);

}  // namespace msst::store
