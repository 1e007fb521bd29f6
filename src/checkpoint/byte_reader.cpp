#include "checkpoint/byte_reader.h"

#include "base/error.h"

namespace msst::checkpoint {

std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes ByteReader::take(uint64_t count) {
    if (count > remaining())
        fail("wants " + std::to_string(count) + " bytes, " + std::to_string(remaining()) + " are left");
    const Bytes taken = bytes_.subspan(offset_, count);
    offset_ += count;
    return taken;
}

std::string_view ByteReader::take_line() {
    const std::string_view rest = as_text(bytes_.subspan(offset_));
    const size_t length = rest.find('\n');
    if (length == std::string_view::npos) fail("a line has no end");
    offset_ += length + 1;
    return rest.substr(0, length);
}

void ByteReader::fail(const std::string& problem) const {
    throw Error(ErrorCode::invalid_input, what_ + ", byte " + std::to_string(offset_) + ": " + problem);
}

uint64_t ByteReader::number(int width) {
    const Bytes bytes = take(width);
    uint64_t value = 0;
    for (int i = 0; i < width; ++i) value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
    return value;
}

}  // namespace msst::checkpoint
