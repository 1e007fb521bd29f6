#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/message.h"

namespace msst::http::routes {

// One file of an archive, stored as it is.
struct ZipMember {
    std::string name;  // UTF-8, no slashes
    FileSlice content;
    uint32_t crc32 = 0;
};

// A ZIP archive (PKWARE APPNOTE 6.3) of stored members, as pieces of known length: the same input always
// gives the same bytes. ZIP64 records are written where a size or an offset needs more than 32 bits, and only
// there.
Segments stored_zip(const std::vector<ZipMember>& members, Timestamp modified);

}  // namespace msst::http::routes
