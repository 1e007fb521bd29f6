#include "store/directory/private_folder.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"

namespace msst::store::directory {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// Not blocking: somebody may have planted a pipe.
constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

bool is_letter_of_names(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
}

// What open(2) says for "not there", a link (O_NOFOLLOW) and a file where a folder should be.
bool means_absent(int code) {
    return code == ENOENT || code == ELOOP || code == ENOTDIR;
}

UniqueFd open_below(int folder, const std::string& name, int flags, const std::filesystem::path& parent) {
    const int fd = ::openat(folder, name.c_str(), flags);
    if (fd < 0 && !means_absent(errno)) throw_errno("cannot open", parent / name);
    return UniqueFd(fd);
}

}  // namespace

bool is_safe_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           std::ranges::all_of(name, is_letter_of_names);
}

std::vector<std::string> split_key(const std::string& key) {
    std::vector<std::string> components;
    size_t begin = 0;
    while (begin <= key.size()) {
        const size_t end = std::min(key.find('/', begin), key.size());
        components.push_back(key.substr(begin, end - begin));
        if (!is_safe_name(components.back()))
            throw Error(ErrorCode::invalid_input, "the blob key of " + std::to_string(key.size()) +
                                                      " bytes has a component that is not a safe file name");
        begin = end + 1;
    }
    return components;
}

PrivateFolder::PrivateFolder(const std::filesystem::path& path) : path_(path) {
    make_private_directories(path);
    fd_ = msst::open_file(path, O_RDONLY | O_DIRECTORY);
}

PrivateFolder PrivateFolder::ensure_folder(const std::string& name) const {
    const bool is_new = ::mkdirat(fd(), name.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST) throw_errno("cannot make", path_ / name);
    UniqueFd folder(::openat(fd(), name.c_str(), kFolderFlags));
    if (!folder) throw_errno("cannot open the folder", path_ / name);
    if (is_new && ::fchmod(folder.get(), 0700) != 0) throw_errno("cannot set the mode of", path_ / name);
    return {path_ / name, std::move(folder)};
}

UniqueFd PrivateFolder::open_folder(const std::string& name) const {
    return open_below(fd(), name, kFolderFlags, path_);
}

UniqueFd PrivateFolder::open_file(const std::vector<std::string>& components) const {
    UniqueFd folder;
    int parent = fd();
    for (size_t i = 0; i + 1 < components.size(); ++i) {
        folder = open_below(parent, components[i], kFolderFlags, path_);
        if (!folder) return {};
        parent = folder.get();
    }
    UniqueFd file = open_below(parent, components.back(), kFileFlags, path_);
    struct stat facts {};
    if (file && (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))) return {};
    return file;
}

}  // namespace msst::store::directory
