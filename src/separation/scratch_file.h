#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "base/files.h"

namespace msst::separation {

// A file without a name, for what does not fit into memory: it is gone when its owner is, however that ends.
class ScratchFile {
public:
    // On the file system of `folder`, with room for size_bytes, all zero. Throws as throw_errno: a disk that
    // is too small is found out here.
    ScratchFile(const std::filesystem::path& folder, int64_t size_bytes);

    // The whole range must lie within size_bytes.
    void read(int64_t offset, std::span<std::byte> bytes) const;
    void write(int64_t offset, std::span<const std::byte> bytes);

private:
    std::filesystem::path folder_;  // for messages
    UniqueFd file_;
};

}  // namespace msst::separation
