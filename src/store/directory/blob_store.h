#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "store/directory/incoming_file.h"
#include "store/directory/private_folder.h"
#include "tasks/blob_store.h"

namespace msst::store::directory {

// The blob store in a directory of this machine: <root>/uploads, <root>/results, and <root>/tmp for what is
// on its way. Thread-safe, and safe with other processes on the same directory. Keys with anything but safe
// names in them are Error(invalid_input).
class DirectoryBlobStore final : public tasks::BlobStore {
public:
    explicit DirectoryBlobStore(
        const std::filesystem::path& root, BeforeStep before_step = [](std::string_view) {});

    std::unique_ptr<tasks::IncomingBlob> create() override;
    std::optional<tasks::BlobFile> open(const std::string& key) override;
    std::filesystem::path local_path(const std::string& key) override;

    // Empties what an earlier process left under the same epoch.
    std::filesystem::path create_result_directory(const std::string& task_id, int64_t epoch) override;
    // Throws Error(not_found) if there is no such directory, Error(unavailable) if it holds anything but
    // files.
    void publish_result_directory(const std::string& task_id, int64_t epoch) override;

    void erase_upload(const std::string& key) override;
    void erase_results(const std::string& task_id) override;
    void erase_other_epochs(const std::string& task_id, int64_t kept_epoch) override;

    // The time of a task's results is that of the youngest file or folder among them. Names that are not ours
    // are left alone; so is a temporary file that a living process has open.
    Listing list_older_than(Timestamp time) override;

    int64_t free_bytes() override { return free_disk_bytes(root_.path()); }

private:
    PrivateFolder root_;
    PrivateFolder uploads_;
    PrivateFolder results_;
    PrivateFolder temporary_;
    BeforeStep before_step_;
};

}  // namespace msst::store::directory
