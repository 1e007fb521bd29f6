#pragma once

#include <filesystem>

#include "checkpoint/byte_reader.h"

namespace msst::checkpoint {

// A file mapped read-only. Pages are read when they are touched, so opening a
// file of gigabytes costs nothing. If somebody truncates the file meanwhile,
// touching the lost part raises SIGBUS: only worker processes map files.
class MappedFile {
public:
    // Throws Error(not_found), Error(unavailable), or Error(invalid_input) if it is not a regular file.
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    Bytes bytes() const { return {data_, size_}; }

    // Gives the pages of a part of bytes() back to the system; they come again when they are touched.
    void let_go(Bytes part) const;

private:
    const std::byte* data_ = nullptr;
    size_t size_ = 0;
};

}  // namespace msst::checkpoint
