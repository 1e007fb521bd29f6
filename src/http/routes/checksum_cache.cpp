#include "http/routes/checksum_cache.h"

#include <algorithm>
#include <vector>

#include <unistd.h>
#include <zlib.h>

#include "base/error.h"

namespace msst::http::routes {
namespace {

constexpr size_t kMaxEntries = 4096;
constexpr int64_t kPieceBytes = 1 << 18;

uint32_t read_crc32(const UniqueFd& file, int64_t size_bytes) {
    std::vector<unsigned char> piece(kPieceBytes);
    uLong crc = ::crc32(0, nullptr, 0);
    for (int64_t done = 0; done < size_bytes;) {
        const auto wanted = static_cast<size_t>(std::min(kPieceBytes, size_bytes - done));
        const ssize_t got = ::pread(file.get(), piece.data(), wanted, done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            throw Error(ErrorCode::unavailable, "archive: a stem has " + std::to_string(done) +
                                                    " readable bytes, its record says " +
                                                    std::to_string(size_bytes));
        crc = ::crc32(crc, piece.data(), static_cast<uInt>(got));
        done += got;
    }
    return static_cast<uint32_t>(crc);
}

}  // namespace

uint32_t ChecksumCache::crc32(const std::string& key, const UniqueFd& file, int64_t size_bytes) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto known = known_.find(key); known != known_.end()) return known->second;
    }
    const uint32_t crc = read_crc32(file, size_bytes);
    const std::lock_guard lock(mutex_);
    if (!known_.emplace(key, crc).second) return crc;
    order_.push_back(key);
    if (order_.size() > kMaxEntries) {
        known_.erase(order_.front());
        order_.pop_front();
    }
    return crc;
}

}  // namespace msst::http::routes
