#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Percent-encoding, and the query of a request target.

namespace msst::http {

enum class PlusSign { is_plus, is_space };

// Undoes percent-encoding. Throws Error(invalid_input) for a % without two hex digits, and when the result is
// not UTF-8 or has control characters.
std::string percent_decode(std::string_view text, PlusSign plus);

using Query = std::vector<std::pair<std::string, std::string>>;

// application/x-www-form-urlencoded, decoded, in order; "a" is {"a", ""}, empty pieces are skipped. Throws
// Error(invalid_input) as percent_decode, and beyond kMaxQueryFields.
Query parse_query(std::string_view text);

inline constexpr size_t kMaxQueryFields = 100;

}  // namespace msst::http
