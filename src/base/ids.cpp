#include "base/ids.h"

#include <array>
#include <cstdint>
#include <vector>

#include <sodium.h>

namespace msst {
namespace {

std::string to_hex(const uint8_t* bytes, size_t count) {
    std::string text(2 * count + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes, count);
    text.pop_back();
    return text;
}

}  // namespace

std::string make_uuid_v7(Timestamp now) {
    std::array<uint8_t, 16> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    const auto millis = static_cast<uint64_t>(now.time_since_epoch().count());
    for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
    bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x70);  // version 7
    bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);  // the variant of RFC 9562
    std::string text = to_hex(bytes.data(), bytes.size());
    for (const size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
    return text;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}

std::string make_random_hex(int bytes) {
    std::vector<uint8_t> random(bytes);
    randombytes_buf(random.data(), random.size());
    return to_hex(random.data(), random.size());
}

}  // namespace msst
