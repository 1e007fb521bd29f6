#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "yaml/node.h"

// What a scalar means, as YAML 1.1 (PyYAML) has it, with numbers read generously: 1e-3 is one.
// All of these give none for anything else; text in quotes is never a boolean, but may be a number.

namespace msst::yaml {

std::optional<bool> to_bool(const Node& node);      // true yes on / false no off, in any usual capitals
std::optional<int64_t> to_whole(const Node& node);  // decimal; 64 bits
std::optional<double> to_number(const Node& node);  // finite

// The same for bare text.
std::optional<int64_t> parse_whole(std::string_view text);
std::optional<double> parse_number(std::string_view text);

}  // namespace msst::yaml
