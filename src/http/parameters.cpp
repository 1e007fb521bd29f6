#include "http/parameters.h"

#include "base/error.h"
#include "base/text.h"
#include "http/query.h"

namespace msst::http {
namespace {

[[noreturn]] void refuse_parameter(const char* message) {
    throw Error(ErrorCode::invalid_input, message, "invalid_request");
}

void skip_blanks(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view take_token(std::string_view& text) {
    size_t length = 0;
    while (length < text.size() && is_token_char(text[length])) ++length;
    if (length == 0) refuse_parameter("a header has a parameter without a name or a value");
    const std::string_view token = text.substr(0, length);
    text.remove_prefix(length);
    return token;
}

// `text` begins behind the opening quote and is left behind the closing one.
std::string take_quoted(std::string_view& text) {
    std::string value;
    while (!text.empty()) {
        char c = text.front();
        text.remove_prefix(1);
        if (c == '"') return value;
        const bool is_escape = c == '\\' && !text.empty() && (text.front() == '"' || text.front() == '\\');
        if (is_escape) {
            c = text.front();
            text.remove_prefix(1);
        }
        value += c;
    }
    refuse_parameter("a quoted parameter of a header does not end");
}

}  // namespace

bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token(std::string_view text) {
    for (const char c : text)
        if (!is_token_char(c)) return false;
    return !text.empty();
}

std::optional<std::string_view> ParameterizedValue::find(std::string_view name) const {
    for (const auto& [key, text] : parameters)
        if (key == name) return text;
    return std::nullopt;
}

ParameterizedValue parse_parameterized(std::string_view text) {
    ParameterizedValue result;
    const size_t semicolon = text.find(';');
    result.value = to_lower_ascii(trim(text.substr(0, semicolon)));
    text.remove_prefix(std::min(semicolon, text.size()));
    for (;;) {
        skip_blanks(text);
        if (text.empty()) return result;
        if (text.front() != ';')
            refuse_parameter("the parameters of a header are not separated by semicolons");
        text.remove_prefix(1);
        skip_blanks(text);
        if (text.empty() || text.front() == ';') continue;
        std::string name = to_lower_ascii(take_token(text));
        if (!text.starts_with('=')) refuse_parameter("a parameter of a header has no value");
        text.remove_prefix(1);
        std::string value;
        if (text.starts_with('"')) {
            text.remove_prefix(1);
            value = take_quoted(text);
        } else {
            value = take_token(text);
        }
        if (result.find(name)) refuse_parameter("a parameter of a header comes twice");
        result.parameters.emplace_back(std::move(name), std::move(value));
    }
}

std::optional<std::string> decode_extended(std::string_view text) {
    const size_t first = text.find('\'');
    if (first == std::string_view::npos || to_lower_ascii(text.substr(0, first)) != "utf-8")
        return std::nullopt;
    const size_t second = text.find('\'', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    try {
        return percent_decode(text.substr(second + 1), PlusSign::is_plus);
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace msst::http
