#include "http/disposition.h"

#include "base/text.h"

namespace msst::http {
namespace {

// attr-char of RFC 8187.
bool is_attribute_char(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$&+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

// What some client would take for something else in a quoted string: quotes, escapes, percent signs, paths.
bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7f &&
           std::string_view("\"\\%/").find(static_cast<char>(c)) == std::string_view::npos;
}

bool is_continuation(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

}  // namespace

std::string attachment_disposition(std::string_view file_name) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const std::string name = clean_text(file_name, 1024);
    std::string plain;
    std::string extended;
    for (const char signed_c : name) {
        const auto c = static_cast<unsigned char>(signed_c);
        if (!is_continuation(c)) plain += is_plain(c) ? signed_c : '_';
        if (is_attribute_char(c)) {
            extended += signed_c;
        } else {
            extended += '%';
            extended += kHex[c >> 4];
            extended += kHex[c & 15];
        }
    }
    return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + extended;
}

}  // namespace msst::http
