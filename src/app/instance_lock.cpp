#include "app/instance_lock.h"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"

namespace msst::app {
namespace {

std::string owner_of(int fd) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size() - 1, 0);
    return size > 0 ? std::string(text.data(), size) : std::string("unknown");
}

}  // namespace

InstanceLock::InstanceLock(const std::filesystem::path& data_dir) {
    make_private_directories(data_dir);
    const std::filesystem::path path = data_dir / "serve.lock";
    file_ = open_file(path, O_RDWR | O_CREAT);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) throw_errno("cannot lock", path);
        throw Error(ErrorCode::conflict, "another msst server (process " + owner_of(file_.get()) +
                                             ") is using the data directory " + data_dir.string() +
                                             "; stop it, or give this one a data_dir of its own");
    }
    if (::ftruncate(file_.get(), 0) != 0) throw_errno("cannot write", path);
    write_all(file_.get(), std::to_string(::getpid()), path);
}

}  // namespace msst::app
