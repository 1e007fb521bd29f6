#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace msst::http {

// A header value with parameters: `form-data; name="file"; filename="a.wav"` (RFC 9110, 5.6.6).
struct ParameterizedValue {
    std::string value;                                            // in lower case
    std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case, quotes undone

    std::optional<std::string_view> find(std::string_view name) const;
};

// In quoted strings \" and \\ are escapes; any other backslash is itself, since some clients send Windows
// paths. Throws Error(invalid_input, "invalid_request") for what does not parse and for a parameter that
// comes twice.
ParameterizedValue parse_parameterized(std::string_view text);

// token of RFC 9110, 5.6.2.
bool is_token(std::string_view text);
bool is_token_char(char c);

// The value of an extended parameter, `UTF-8''caf%C3%A9` (RFC 8187); none if it is not that.
std::optional<std::string> decode_extended(std::string_view text);

}  // namespace msst::http
