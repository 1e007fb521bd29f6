#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How YAML 1.1 spells booleans and numbers, and what strangers' editors do to text.

namespace msst::model {

bool is_yaml_null(std::string_view text);
std::optional<bool> parse_yaml_bool(std::string_view text);        // yes no on off true false
std::optional<int64_t> parse_yaml_integer(std::string_view text);  // 1_000, 0x1f, 017, 0o17
std::optional<double> parse_yaml_number(std::string_view text);    // integers, 1.5, 1e-3, .inf, .nan

// Valid UTF-8 without BOM is returned as it is, anything else as if it were cp1252.
std::string to_utf8(std::string_view text);

}  // namespace msst::model
