#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "checkpoint/byte_reader.h"

namespace msst::checkpoint {

// The stored (uncompressed) members of a ZIP or ZIP64 archive in memory, as
// torch.save writes them. Reading the directory is linear in its own size,
// and a member is a view of the archive's bytes.
class ZipArchive {
public:
    // Throws Error(invalid_input) for a damaged directory, members beyond the end or two of one name.
    explicit ZipArchive(Bytes archive);

    bool contains(const std::string& name) const { return members_.contains(name); }

    // The bytes of a member. Throws Error(invalid_input) when there is none of this name, it is compressed or
    // encrypted, or its local header disagrees with the directory.
    Bytes member(const std::string& name) const;

    // The shortest member name that ends with `suffix`, or nothing: empty.
    std::string find_by_suffix(std::string_view suffix) const;

private:
    struct Member {
        uint64_t header_offset = 0;
        uint64_t size_bytes = 0;
        uint64_t packed_bytes = 0;
        uint16_t method = 0;
        uint16_t flags = 0;
    };

    struct Directory {
        uint64_t offset = 0;
        uint64_t size_bytes = 0;
        uint64_t members = 0;
    };

    Directory find_directory() const;
    Directory read_zip64_directory(uint64_t end_offset, Directory small) const;
    void read_directory(const Directory& directory);

    Bytes archive_;
    std::unordered_map<std::string, Member> members_;
};

}  // namespace msst::checkpoint
