#include "yaml/scalars.h"

#include <charconv>
#include <cmath>
#include <string>

#include "base/text.h"

namespace msst::yaml {
namespace {

template <typename T>
std::optional<T> parse_all(std::string_view text, auto... format) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view without_plus(std::string_view text) {
    if (text.starts_with('+') && !text.substr(1).starts_with('-')) text.remove_prefix(1);
    return text;
}

// "0x1f", "0o17" and "017" without their prefix; 10 for everything else.
int take_base(std::string_view& digits) {
    const bool is_hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (is_hex || digits.starts_with("0o")) {
        digits.remove_prefix(2);
        return is_hex ? 16 : 8;
    }
    return digits.size() > 1 && digits[0] == '0' ? 8 : 10;
}

std::optional<int64_t> parse_yaml_whole(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    std::string_view digits = is_negative ? text.substr(1) : without_plus(text);
    const int base = take_base(digits);
    if (digits.starts_with('-')) return std::nullopt;
    std::optional<int64_t> value = parse_all<int64_t>(digits, base);
    if (value && is_negative) *value = -*value;
    return value;
}

std::string without_underscores(std::string text) {
    std::erase(text, '_');
    return text;
}

}  // namespace

std::optional<int64_t> parse_whole(std::string_view text) {
    return parse_all<int64_t>(without_plus(text));
}

std::optional<double> parse_number(std::string_view text) {
    const auto value = parse_all<double>(without_plus(text));
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return value;
}

std::optional<bool> parse_bool(std::string_view text) {
    const std::string word = to_lower_ascii(text);
    if (word == "true" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "no" || word == "off") return false;
    return std::nullopt;
}

std::optional<bool> to_bool(const Node& node) {
    return node.is_scalar() && !node.quoted ? parse_bool(node.text) : std::nullopt;
}

std::optional<int64_t> to_whole(const Node& node) {
    return node.is_scalar() ? parse_yaml_whole(without_underscores(node.text)) : std::nullopt;
}

std::optional<double> to_number(const Node& node) {
    if (const auto whole = to_whole(node)) return static_cast<double>(*whole);
    return node.is_scalar() ? parse_number(without_underscores(node.text)) : std::nullopt;
}

}  // namespace msst::yaml
