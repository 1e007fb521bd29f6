#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/pickle_builder.h"

namespace msst::checkpoint::testing {

struct ZipOptions {
    bool is_zip64 = false;
    uint16_t method = 0;
    uint64_t claimed_bytes_added = 0;  // to every size in the directory
};

// A ZIP of stored members, without CRCs, which nothing here reads.
inline std::string build_zip(const std::vector<std::pair<std::string, std::string>>& members,
                             const ZipOptions& options = {}) {
    std::string archive;
    std::string directory;
    for (const auto& [name, data] : members) {
        const uint64_t offset = archive.size();
        archive += "PK\x03\x04" + std::string(22, '\0') + little(name.size(), 2) + little(0, 2) + name + data;
        const uint64_t size = data.size() + options.claimed_bytes_added;
        const uint64_t shown = options.is_zip64 ? 0xffffffffu : size;
        std::string extra;
        if (options.is_zip64)
            extra = little(1, 2) + little(24, 2) + little(size, 8) + little(size, 8) + little(offset, 8);
        directory += "PK\x01\x02" + little(0, 4) + little(0, 2) + little(options.method, 2) + little(0, 8) +
                     little(shown, 4) + little(shown, 4) + little(name.size(), 2) + little(extra.size(), 2) +
                     little(0, 2) + little(0, 8) + little(options.is_zip64 ? 0xffffffffu : offset, 4) + name +
                     extra;
    }
    const uint64_t start = archive.size();
    archive += directory;
    if (options.is_zip64) {
        const uint64_t end = archive.size();
        archive += "PK\x06\x06" + little(44, 8) + little(0, 12) + little(members.size(), 8) +
                   little(members.size(), 8) + little(directory.size(), 8) + little(start, 8);
        archive += "PK\x06\x07" + little(0, 4) + little(end, 8) + little(1, 4);
    }
    const bool big = options.is_zip64;
    archive += "PK\x05\x06" + little(0, 4) + little(big ? 0xffff : members.size(), 2) +
               little(big ? 0xffff : members.size(), 2) + little(big ? 0xffffffffu : directory.size(), 4) +
               little(big ? 0xffffffffu : start, 4) + little(0, 2);
    return archive;
}

}  // namespace msst::checkpoint::testing
