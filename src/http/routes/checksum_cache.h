#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/files.h"

namespace msst::http::routes {

// CRC-32 (as ZIP counts it) of files that never change, computed at most once while it is remembered.
// Thread-safe; reads the whole file at the first call for a key.
class ChecksumCache {
public:
    // key: tells one content from another (the file's SHA-256). Throws Error(unavailable) when the file does
    // not have `size_bytes` bytes or cannot be read.
    uint32_t crc32(const std::string& key, const UniqueFd& file, int64_t size_bytes);

private:
    std::mutex mutex_;
    std::map<std::string, uint32_t> known_;
    std::deque<std::string> order_;  // oldest first
};

}  // namespace msst::http::routes
