#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// A cursor over a stranger's bytes: little-endian numbers, every read checked against the end.

namespace msst::checkpoint {

using Bytes = std::span<const std::byte>;

std::string_view as_text(Bytes bytes);

class ByteReader {
public:
    // what: the thing being read, for messages ("data.pkl").
    ByteReader(Bytes bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

    uint8_t u8() { return static_cast<uint8_t>(number(1)); }
    uint16_t u16() { return static_cast<uint16_t>(number(2)); }
    uint32_t u32() { return static_cast<uint32_t>(number(4)); }
    uint64_t u64() { return number(8); }

    // The next `count` bytes. Throws Error(invalid_input) when fewer are left.
    Bytes take(uint64_t count);
    std::string_view take_text(uint64_t count) { return as_text(take(count)); }

    // The text up to the next '\n', which is read but not returned.
    std::string_view take_line();

    uint64_t offset() const { return offset_; }
    uint64_t remaining() const { return bytes_.size() - offset_; }
    const std::string& what() const { return what_; }

    // Throws Error(invalid_input, "<what>, byte <offset>: <problem>").
    [[noreturn]] void fail(const std::string& problem) const;

private:
    uint64_t number(int width);

    Bytes bytes_;
    std::string what_;
    uint64_t offset_ = 0;
};

}  // namespace msst::checkpoint
