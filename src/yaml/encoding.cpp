#include "yaml/encoding.h"

#include <array>
#include <cstdint>

namespace msst::yaml {
namespace {

// Windows-1252, 0x80 … 0x9f; the five holes are the C1 controls they are in Latin-1.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

void append_utf8(std::string& text, uint16_t code) {
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += static_cast<char>(0xc0 | (code >> 6));
        text += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        text += static_cast<char>(0xe0 | (code >> 12));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        text += static_cast<char>(0x80 | (code & 0x3f));
    }
}

size_t tail_bytes(uint8_t first) {
    if (first < 0x80) return 0;
    if (first < 0xc2) return SIZE_MAX;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : SIZE_MAX;
}

bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
        const size_t tail = tail_bytes(static_cast<uint8_t>(text[i]));
        if (tail == SIZE_MAX || text.size() - i <= tail) return false;
        for (size_t k = 0; k < tail; ++k)
            if ((static_cast<uint8_t>(text[++i]) & 0xc0) != 0x80) return false;
    }
    return true;
}

}  // namespace

std::string to_utf8(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (is_utf8(text)) return std::string(text);
    std::string utf8;
    utf8.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        const auto byte = static_cast<uint8_t>(c);
        append_utf8(utf8, byte >= 0x80 && byte < 0xa0 ? kWindows1252[byte - 0x80] : byte);
    }
    return utf8;
}

}  // namespace msst::yaml
