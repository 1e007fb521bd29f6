#include "model/yaml_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace msst::model {
namespace {

// Code points of the bytes 0x80-0x9f in cp1252; 0 where it has none.
constexpr std::array<uint16_t, 32> kCp1252 = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                              0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                              0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                              0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

void append_code_point(std::string& out, uint32_t code) {
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xc0 | code >> 6));
        out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    } else {
        out.push_back(static_cast<char>(0xe0 | code >> 12));
        out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    }
}

size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0) return 2;
    if (lead >= 0xe0 && lead < 0xf0) return 3;
    if (lead >= 0xf0 && lead < 0xf5) return 4;
    return 0;
}

bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const size_t length = sequence_length(static_cast<unsigned char>(text[i]));
        if (length == 0 || i + length > text.size()) return false;
        for (size_t k = 1; k < length; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        i += length;
    }
    return true;
}

std::string without_underscores(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    return digits;
}

template <class Number>
std::optional<Number> parse_all(std::string_view text, auto... format) {
    Number value = {};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

bool is_yaml_null(std::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> parse_yaml_bool(std::string_view text) {
    const std::string lower = to_lower_ascii(text);
    if (lower == "true" || lower == "yes" || lower == "on") return true;
    if (lower == "false" || lower == "no" || lower == "off") return false;
    return std::nullopt;
}

std::optional<int64_t> parse_yaml_integer(std::string_view text) {
    std::string digits = without_underscores(text);
    const bool is_negative = digits.starts_with('-');
    if (is_negative || digits.starts_with('+')) digits.erase(0, 1);
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) base = 16;
    if (digits.starts_with("0o")) base = 8;
    if (base != 10)
        digits.erase(0, 2);
    else if (digits.size() > 1 && digits[0] == '0')
        base = 8;
    if (digits.empty() || digits[0] == '-') return std::nullopt;
    const auto value = parse_all<int64_t>(digits, base);
    return value && is_negative ? -*value : value;
}

std::optional<double> parse_yaml_number(std::string_view text) {
    if (const auto integer = parse_yaml_integer(text)) return static_cast<double>(*integer);
    const std::string lower = to_lower_ascii(text);
    if (lower == ".nan") return std::numeric_limits<double>::quiet_NaN();
    if (lower == ".inf" || lower == "+.inf") return std::numeric_limits<double>::infinity();
    if (lower == "-.inf") return -std::numeric_limits<double>::infinity();
    std::string digits = without_underscores(lower);
    if (digits.starts_with('+')) digits.erase(0, 1);
    if (digits.find_first_not_of("0123456789.e+-") != std::string::npos) return std::nullopt;
    return parse_all<double>(digits);
}

std::string to_utf8(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (is_utf8(text)) return std::string(text);
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_special = byte >= 0x80 && byte < 0xa0 && kCp1252[byte - 0x80] != 0;
        append_code_point(out, is_special ? kCp1252[byte - 0x80] : byte);
    }
    return out;
}

}  // namespace msst::model
