#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"

// Where uploads and stems lie. Keys are made by the server, never by a client:
//
//   uploads/<task or upload id>           one input
//   results/<task id>/<epoch>/<file>      the stems of one attempt
//
// What is not named by a task is an orphan (a crash between two steps) and is swept.

namespace msst::tasks {

// An upload while it streams in, under a temporary name. Discarded unless kept.
class IncomingBlob {
public:
    virtual ~IncomingBlob() = default;

    virtual void append(std::span<const std::byte> bytes) = 0;
    virtual int64_t size_bytes() const = 0;

    // A file another process may read: everything appended so far.
    virtual std::filesystem::path local_path() const = 0;

    // Syncs, gives it the name `key` and syncs the directory: from here on it survives a power cut.
    virtual void keep(const std::string& key) = 0;
};

struct BlobFile {
    UniqueFd fd;
    int64_t size_bytes = 0;
    Timestamp modified{};
};

class BlobStore {
public:
    virtual ~BlobStore() = default;

    virtual std::unique_ptr<IncomingBlob> create() = 0;

    // None: there is no such blob.
    virtual std::optional<BlobFile> open(const std::string& key) = 0;

    // A local copy for programs that want a path. Throws Error(not_found).
    virtual std::filesystem::path local_path(const std::string& key) = 0;

    // An empty local directory for one attempt to write its stems into.
    virtual std::filesystem::path create_result_directory(const std::string& task_id, int64_t epoch) = 0;

    // Syncs every file of that directory, the directory and its parents: what
    // complete() is about to name survives a power cut.
    virtual void publish_result_directory(const std::string& task_id, int64_t epoch) = 0;

    // Missing is fine: erasing twice is erasing once.
    virtual void erase_upload(const std::string& key) = 0;
    virtual void erase_results(const std::string& task_id) = 0;
    // Every epoch of the task but `kept_epoch`.
    virtual void erase_other_epochs(const std::string& task_id, int64_t kept_epoch) = 0;

    // For the orphan sweep: keys of uploads and task ids of results last changed
    // before `time`, and abandoned temporary files removed on the way.
    struct Listing {
        std::vector<std::string> uploads;
        std::vector<std::string> result_task_ids;
    };
    virtual Listing list_older_than(Timestamp time) = 0;

    virtual int64_t free_bytes() = 0;
};

std::string upload_key(const std::string& id);
std::string result_key(const std::string& task_id, int64_t epoch, const std::string& filename);

}  // namespace msst::tasks
