#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/directory/private_folder.h"
#include "tasks/blob_store.h"

namespace msst::store::directory {

// Called before every step that reaches the disk, with the step's name ("write", "sync file", "rename", …). A
// test throws from it, or kills the process, to see what is left behind.
using BeforeStep = std::function<void(std::string_view)>;

// An upload in tmp/ under a random name. Its lock tells the sweep that somebody is still writing it, however
// old the clock makes it look.
class IncomingFile final : public tasks::IncomingBlob {
public:
    // The folders and the hook belong to the store, which outlives its uploads.
    IncomingFile(const PrivateFolder& temporary, const PrivateFolder& uploads, const BeforeStep& before_step);
    ~IncomingFile() override;

    void append(std::span<const std::byte> bytes) override;
    int64_t size_bytes() const override { return size_bytes_; }
    std::filesystem::path local_path() const override { return folder_->path() / name_; }

    // Throws Error(conflict) if the key is taken: an upload never replaces another.
    void keep(const std::string& key) override;

private:
    const PrivateFolder& uploads_;
    const BeforeStep& before_step_;
    const PrivateFolder* folder_;  // where the file lies now
    std::string name_;
    UniqueFd fd_;
    int64_t size_bytes_ = 0;
    bool is_kept_ = false;
};

}  // namespace msst::store::directory
