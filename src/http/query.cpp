#include "http/query.h"

#include "base/error.h"
#include "base/text.h"

namespace msst::http {
namespace {

[[noreturn]] void refuse_query(const std::string& message) {
    throw Error(ErrorCode::invalid_input, message, "invalid_request");
}

// The byte that the escape at text[at] stands for.
char decode_escape(std::string_view text, size_t at) {
    const int high = at + 1 < text.size() ? hex_value(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
    if (high < 0 || low < 0) refuse_query("a '%' in the request target is not followed by two hex digits");
    return static_cast<char>(high * 16 + low);
}

}  // namespace

std::string percent_decode(std::string_view text, PlusSign plus) {
    std::string decoded;
    decoded.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            decoded += decode_escape(text, i);
            i += 2;
        } else {
            decoded += text[i] == '+' && plus == PlusSign::is_space ? ' ' : text[i];
        }
    }
    if (clean_text(decoded, decoded.size()) != decoded)
        refuse_query("the request target does not decode to UTF-8 without control characters");
    return decoded;
}

Query parse_query(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const size_t end = std::min(text.find('&'), text.size());
        const std::string_view piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty()) continue;
        if (query.size() == kMaxQueryFields)
            refuse_query("the query has more than " + std::to_string(kMaxQueryFields) + " fields");
        const size_t equals = std::min(piece.find('='), piece.size());
        query.emplace_back(
            percent_decode(piece.substr(0, equals), PlusSign::is_space),
            percent_decode(piece.substr(std::min(equals + 1, piece.size())), PlusSign::is_space));
    }
    return query;
}

}  // namespace msst::http
