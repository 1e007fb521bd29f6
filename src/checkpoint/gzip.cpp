#include "checkpoint/gzip.h"

#include <algorithm>
#include <limits>
#include <string>

#include <zlib.h>

#include "base/error.h"

namespace msst::checkpoint {
namespace {

constexpr size_t kAlwaysAllowed = size_t{16} << 20;
constexpr size_t kMostBytes = size_t{4} << 30;
constexpr size_t kMostGrowth = 16;
constexpr int kGzipWindow = 15 + 16;  // zlib's word for "32 KiB, and a gzip header"

[[noreturn]] void fail_gzip(const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "gzip: " + problem);
}

size_t limit_of(Bytes file) {
    const size_t grown = std::min(file.size(), kMostBytes / kMostGrowth) * kMostGrowth;
    return std::max(kAlwaysAllowed, grown);
}

// Owns zlib's state.
class Inflater {
public:
    explicit Inflater(Bytes file) : left_(file) {
        if (inflateInit2(&stream_, kGzipWindow) != Z_OK)
            throw Error(ErrorCode::internal, "zlib does not start");
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    // Writes to `out` and returns how many bytes; fewer than there is room for only at the end.
    size_t read(std::span<std::byte> out) {
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        while (stream_.avail_out > 0 && !is_at_end_) {
            if (stream_.avail_in == 0) refill();
            const int status = inflate(&stream_, Z_NO_FLUSH);
            if (status == Z_STREAM_END)
                is_at_end_ = true;
            else if (status == Z_MEM_ERROR)
                throw Error(ErrorCode::unavailable, "gzip: out of memory");
            else if (status != Z_OK)
                fail_gzip(stream_.msg ? stream_.msg : "damaged");
        }
        return out.size() - stream_.avail_out;
    }

    size_t bytes_left() const { return left_.size() + stream_.avail_in; }

private:
    void refill() {
        if (left_.empty()) fail_gzip("cut short");
        const size_t count = std::min<size_t>(left_.size(), std::numeric_limits<uInt>::max());
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(left_.data()));
        stream_.avail_in = static_cast<uInt>(count);
        left_ = left_.subspan(count);
    }

    Bytes left_;
    z_stream stream_{};
    bool is_at_end_ = false;
};

}  // namespace

bool is_gzip(Bytes file) {
    return as_text(file).starts_with("\x1f\x8b");
}

std::shared_ptr<const std::vector<std::byte>> unpack_gzip(Bytes file) {
    constexpr size_t kPiece = size_t{1} << 20;
    const size_t limit = limit_of(file);
    Inflater inflater(file);
    auto unpacked = std::make_shared<std::vector<std::byte>>();
    for (size_t size = 0;;) {
        unpacked->resize(size + kPiece);
        const size_t count = inflater.read(std::span(*unpacked).subspan(size));
        size += count;
        if (size > limit)
            fail_gzip("its " + std::to_string(file.size()) + " bytes become more than " +
                      std::to_string(limit) + ", which no weights do");
        if (count == kPiece) continue;
        unpacked->resize(size);
        break;
    }
    if (inflater.bytes_left() > 0)
        fail_gzip(std::to_string(inflater.bytes_left()) + " bytes follow behind its end");
    return unpacked;
}

}  // namespace msst::checkpoint
