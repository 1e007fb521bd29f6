#include "store/open.h"

#include "base/error.h"
#include "base/files.h"
#include "store/directory/blob_store.h"
#include "store/sqlite/task_store.h"

namespace msst::store {
namespace {

bool holds_something(const std::filesystem::path& folder) {
    std::error_code missing;
    return std::filesystem::directory_iterator(folder, missing) != std::filesystem::directory_iterator();
}

bool has_bytes(const std::filesystem::path& file) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(file, missing);
    return !missing && size > 0;
}

void ensure_not_lost(const std::filesystem::path& data_dir, const std::filesystem::path& database) {
    for (const char* folder : {"uploads", "results"})
        // The folder first: who opens the directory at the same time makes the database before the first
        // upload.
        if (holds_something(data_dir / folder) && !has_bytes(database))
            throw Error(
                ErrorCode::unavailable,
                "there is no database " + database.string() + ", but " + (data_dir / folder).string() +
                    " holds files that only it can explain. Nothing was changed. Restore msst.db from a "
                    "backup, or start with an empty data_dir");
}

}  // namespace

std::unique_ptr<tasks::TaskStore> open_task_store(const std::filesystem::path& data_dir, const Clock& clock) {
    make_private_directories(data_dir);
    const auto database = data_dir / "msst.db";
    ensure_not_lost(data_dir, database);
    return std::make_unique<sqlite::SqliteTaskStore>(database, clock);
}

std::unique_ptr<tasks::BlobStore> open_blob_store(const std::filesystem::path& data_dir) {
    return std::make_unique<directory::DirectoryBlobStore>(data_dir);
}

}  // namespace msst::store
