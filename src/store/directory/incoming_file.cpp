#include "store/directory/incoming_file.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/ids.h"

namespace msst::store::directory {

IncomingFile::IncomingFile(const PrivateFolder& temporary, const PrivateFolder& uploads,
                           const BeforeStep& before_step)
    : uploads_(uploads),
      before_step_(before_step),
      folder_(&temporary),
      name_(make_random_hex(/*bytes=*/16)) {
    before_step_("create");
    fd_ = UniqueFd(
        ::openat(temporary.fd(), name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_) throw_errno("cannot make", local_path());
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0 || ::fchmod(fd_.get(), 0600) != 0) {
        const int code = errno;
        ::unlinkat(temporary.fd(), name_.c_str(), /*flags=*/0);
        errno = code;
        throw_errno("cannot prepare", local_path());
    }
}

IncomingFile::~IncomingFile() {
    if (!is_kept_) ::unlinkat(folder_->fd(), name_.c_str(), /*flags=*/0);
}

void IncomingFile::append(std::span<const std::byte> bytes) {
    check(!is_kept_, "bytes for an upload that is kept already");
    before_step_("write");
    write_all(fd_.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, local_path());
    size_bytes_ += std::ssize(bytes);
}

void IncomingFile::keep(const std::string& key) {
    const auto components = split_key(key);
    check(components.size() == 2 && components[0] == "uploads", "an upload is kept under uploads/<id>");
    check(folder_ != &uploads_, "an upload is kept once");
    before_step_("sync file");
    sync_file(fd_.get(), local_path());
    before_step_("rename");
    if (::renameat2(folder_->fd(), name_.c_str(), uploads_.fd(), components[1].c_str(), RENAME_NOREPLACE) !=
        0) {
        if (errno == EEXIST) throw Error(ErrorCode::conflict, "there is an upload " + key + " already");
        throw_errno("cannot rename to", uploads_.path() / components[1]);
    }
    // From here on it has its final name, but if the folder cannot be synced it is removed under that.
    folder_ = &uploads_;
    name_ = components[1];
    before_step_("sync folder");
    uploads_.sync();
    is_kept_ = true;
}

}  // namespace msst::store::directory
