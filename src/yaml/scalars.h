#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "yaml/node.h"

// What a scalar means. All of these give none for anything else.

namespace msst::yaml {

// As YAML 1.1 (PyYAML) has it, read generously: a number may stand in quotes.
std::optional<bool> to_bool(const Node& node);      // true yes on / false no off, in any capitals, no quotes
std::optional<int64_t> to_whole(const Node& node);  // 1_000, 0x1f, 017 and 0o17 too; 64 bits
std::optional<double> to_number(const Node& node);  // those, 1.5 and 1e-3; finite

// Of bare text, numbers in plain decimals only.
std::optional<bool> parse_bool(std::string_view text);
std::optional<int64_t> parse_whole(std::string_view text);  // 64 bits
std::optional<double> parse_number(std::string_view text);  // 1e-3 too; finite

}  // namespace msst::yaml
