#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace msst::store::directory {

// Whether `name` may be one component of a path of ours: 1 to 255 of 0-9 a-z A-Z . _ -, but neither "." nor
// "..". Names are made by the server; this is the second wall, in case the first has a hole.
bool is_safe_name(std::string_view name);

// The components of "a/b/c". Throws Error(invalid_input) unless every one is a safe name.
std::vector<std::string> split_key(const std::string& key);

// An open folder of mode 0700. Everything is reached from its descriptor, one component at a time, and no
// symbolic link is ever followed: what somebody plants in the data directory cannot lead out of it.
class PrivateFolder {
public:
    // The folder at `path`, made if missing. Links in `path` itself are the administrator's and are followed.
    explicit PrivateFolder(const std::filesystem::path& path);

    // A folder in this one, made if missing, whatever the umask. Throws if it is a link or not a folder.
    PrivateFolder ensure_folder(const std::string& name) const;

    // The descriptor of a folder in this one; an empty one if there is none (a link counts as none).
    UniqueFd open_folder(const std::string& name) const;

    // Reads below this folder; an empty descriptor if there is no such regular file.
    UniqueFd open_file(const std::vector<std::string>& components) const;

    void sync() const { sync_file(fd_.get(), path_); }

    int fd() const { return fd_.get(); }
    const std::filesystem::path& path() const { return path_; }

private:
    PrivateFolder(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::filesystem::path path_;
    UniqueFd fd_;
};

}  // namespace msst::store::directory
