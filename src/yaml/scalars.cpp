#include "yaml/scalars.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace msst::yaml {
namespace {

template <typename T>
std::optional<T> parse_all(std::string_view text) {
    if (text.starts_with('+') && !text.substr(1).starts_with('-')) text.remove_prefix(1);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<int64_t> parse_whole(std::string_view text) {
    return parse_all<int64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
    const auto value = parse_all<double>(text);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return value;
}

std::optional<bool> to_bool(const Node& node) {
    if (!node.is_scalar() || node.quoted) return std::nullopt;
    const std::string word = to_lower_ascii(node.text);
    if (word == "true" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "no" || word == "off") return false;
    return std::nullopt;
}

std::optional<int64_t> to_whole(const Node& node) {
    return node.is_scalar() ? parse_whole(node.text) : std::nullopt;
}

std::optional<double> to_number(const Node& node) {
    return node.is_scalar() ? parse_number(node.text) : std::nullopt;
}

}  // namespace msst::yaml
