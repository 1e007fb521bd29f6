#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

// Files with owners, and writes that survive a power cut.

namespace msst {

// Owns a file descriptor.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UniqueFd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset();

private:
    int fd_ = -1;
};

// Throws what `errno` says about `path`: Error(unavailable, "…: No space left on device", "storage_full") for
// ENOSPC and EDQUOT, Error(not_found) for ENOENT, else Error(unavailable).
[[noreturn]] void throw_errno(const std::string& what, const std::filesystem::path& path);

// open(2) with O_CLOEXEC; throws as throw_errno.
UniqueFd open_file(const std::filesystem::path& path, int flags, int mode = 0600);

// Writes every byte at the descriptor's position; throws as throw_errno.
void write_all(int fd, std::string_view bytes, const std::filesystem::path& path);

// fsync. After a failure the data must be taken for lost: the kernel may have dropped it.
void sync_file(int fd, const std::filesystem::path& path);
void sync_directory(const std::filesystem::path& directory);

// Makes `to` hold the synced file `from`, atomically, and syncs the directory.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

std::string read_file(const std::filesystem::path& path);

// A file without a name that holds `bytes` and never changes; for child processes, which read it as
// /proc/self/fd/<number>. name: for people who look at /proc.
UniqueFd make_memory_file(const std::string& name, std::string_view bytes);

// mkdir -p with mode 0700 for what is made.
void make_private_directories(const std::filesystem::path& directory);

// Bytes that an unprivileged process may still write below `path`.
int64_t free_disk_bytes(const std::filesystem::path& path);

}  // namespace msst
