#include "separation/scratch_file.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace msst::separation {
namespace {

UniqueFd open_unnamed(const std::filesystem::path& folder) {
    UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    // Some file systems cannot; there it has a name for a moment.
    std::string name = (folder / ".msst-XXXXXX").string();
    file = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
    if (!file) throw_errno("cannot make a temporary file in", folder);
    ::unlink(name.c_str());
    return file;
}

}  // namespace

ScratchFile::ScratchFile(const std::filesystem::path& folder, int64_t size_bytes)
    : folder_(folder.empty() ? "." : folder), file_(open_unnamed(folder_)) {
    if (size_bytes == 0) return;
    errno = ::posix_fallocate(file_.get(), 0, size_bytes);
    if (errno != 0) throw_errno("cannot reserve " + std::to_string(size_bytes) + " bytes in", folder_);
}

void ScratchFile::read(int64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::pread(file_.get(), bytes.data(), bytes.size(), offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("cannot read a temporary file in", folder_);
        check(count > 0, "a scratch file is read past its end");
        bytes = bytes.subspan(count);
        offset += count;
    }
}

void ScratchFile::write(int64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("cannot write a temporary file in", folder_);
        bytes = bytes.subspan(count);
        offset += count;
    }
}

}  // namespace msst::separation
