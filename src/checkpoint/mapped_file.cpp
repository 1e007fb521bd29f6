#include "checkpoint/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

namespace msst::checkpoint {

MappedFile::MappedFile(const std::filesystem::path& path) {
    const UniqueFd file = open_file(path, O_RDONLY | O_NONBLOCK);
    struct stat status = {};
    if (fstat(file.get(), &status) != 0) throw_errno("stat", path);
    if (!S_ISREG(status.st_mode))
        throw Error(ErrorCode::invalid_input, path.filename().string() + " is not a regular file");
    size_ = static_cast<size_t>(status.st_size);
    if (size_ == 0) return;  // mmap refuses an empty range
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapped == MAP_FAILED) throw_errno("mmap", path);
    data_ = static_cast<const std::byte*>(mapped);
}

MappedFile::~MappedFile() {
    if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::let_go(Bytes part) const {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t first = static_cast<size_t>(part.data() - data_) / page * page;
    const size_t end = static_cast<size_t>(part.data() - data_) + part.size();
    // Only advice: what the system makes of it changes nothing that is read.
    if (!part.empty()) madvise(const_cast<std::byte*>(data_) + first, end - first, MADV_DONTNEED);
}

}  // namespace msst::checkpoint
