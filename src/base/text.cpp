#include "base/text.h"

#include <cstdint>

namespace msst {
namespace {

// Length in bytes of the well-formed UTF-8 character at the start of `text`
// (Unicode table 3-7), or 0.
size_t utf8_length(std::string_view text) {
    const auto at = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
    const auto is_tail = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
    const uint8_t first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return is_tail(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && at(1) < 0xa0;
        const bool surrogate = first == 0xed && at(1) > 0x9f;
        return is_tail(1) && is_tail(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool overlong = first == 0xf0 && at(1) < 0x90;
        const bool too_large = first == 0xf4 && at(1) > 0x8f;
        return is_tail(1) && is_tail(2) && is_tail(3) && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

bool is_control(std::string_view character) {
    const auto first = static_cast<uint8_t>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    return character.size() == 2 && first == 0xc2 && static_cast<uint8_t>(character[1]) < 0xa0;
}

}  // namespace

std::string clean_text(std::string_view text, size_t max_bytes) {
    std::string clean;
    while (!text.empty()) {
        const size_t length = utf8_length(text);
        const std::string_view character = length == 0 ? std::string_view("\xef\xbf\xbd")
                                           : is_control(text.substr(0, length)) ? std::string_view(" ")
                                                                                : text.substr(0, length);
        if (clean.size() + character.size() > max_bytes) break;
        clean += character;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

std::string clean_file_name(std::string_view name) {
    const size_t slash = name.find_last_of("/\\");
    if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
    std::string clean = clean_text(name, 255);
    const std::string_view bare = trim(clean);
    if (bare.empty() || bare == "." || bare == "..") return "audio";
    return std::string(bare);
}

std::string to_lower_ascii(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace msst
