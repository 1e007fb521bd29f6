#include "base/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"

namespace msst {

void UniqueFd::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void throw_errno(const std::string& what, const std::filesystem::path& path) {
    const int code = errno;
    const std::string text = what + " " + path.string() + ": " + std::strerror(code);
    if (code == ENOSPC || code == EDQUOT) throw Error(ErrorCode::unavailable, text, "storage_full");
    if (code == ENOENT || code == ENOTDIR) throw Error(ErrorCode::not_found, text);
    throw Error(ErrorCode::unavailable, text);
}

UniqueFd open_file(const std::filesystem::path& path, int flags, int mode) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) throw_errno("cannot open", path);
    return UniqueFd(fd);
}

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw_errno("cannot write", path);
        bytes.remove_prefix(written);
    }
}

void sync_file(int fd, const std::filesystem::path& path) {
    if (::fsync(fd) != 0) throw_errno("cannot sync", path);
}

void sync_directory(const std::filesystem::path& directory) {
    const UniqueFd fd = open_file(directory, O_RDONLY | O_DIRECTORY);
    sync_file(fd.get(), directory);
}

void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("cannot rename to", to);
    sync_directory(to.parent_path());
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw_errno("cannot open", path);
    std::ostringstream text;
    text << file.rdbuf();
    if (file.bad()) throw_errno("cannot read", path);
    return std::move(text).str();
}

UniqueFd make_memory_file(const std::string& name, std::string_view bytes) {
    UniqueFd file(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) throw_errno("cannot make a file in memory for", name);
    write_all(file.get(), bytes, name);
    if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        throw_errno("cannot seal", name);
    return file;
}

void make_private_directories(const std::filesystem::path& directory) {
    if (directory.empty() || std::filesystem::is_directory(directory)) return;
    make_private_directories(directory.parent_path());
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("cannot make", directory);
}

int64_t free_disk_bytes(const std::filesystem::path& path) {
    struct statvfs facts {};
    if (::statvfs(path.c_str(), &facts) != 0) throw_errno("cannot ask for the free space of", path);
    return static_cast<int64_t>(facts.f_bavail) * static_cast<int64_t>(facts.f_frsize);
}

}  // namespace msst
