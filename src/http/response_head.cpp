#include "http/response_head.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "http/parameters.h"

namespace msst::http {
namespace {

bool is_value_char(char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void append(std::string& head, std::string_view name, std::string_view value) {
    check(is_token(name), "a response header has a name that is no token");
    check(std::ranges::all_of(value, is_value_char), "a response header's value has a control character");
    head.append(name).append(": ").append(value).append("\r\n");
}

bool has(const HeaderList& headers, std::string_view lower_name) {
    return std::ranges::any_of(headers, [&](const auto& h) { return to_lower_ascii(h.first) == lower_name; });
}

}  // namespace

std::string serialize_head(const Response& response, const ResponseFraming& framing, const HeaderList& extra,
                           Timestamp now) {
    std::string head;
    head.reserve(512);
    head.append("HTTP/1.1 ").append(std::to_string(static_cast<unsigned>(response.status))).append(" ");
    head.append(beast_http::obsolete_reason(response.status)).append("\r\n");
    append(head, "Date", to_http_date(now));
    append(head, "Server", "msst");
    for (const auto& [name, value] : response.headers) append(head, name, value);
    for (const auto& [name, value] : extra) append(head, name, value);
    if (!has(response.headers, "x-content-type-options")) append(head, "X-Content-Type-Options", "nosniff");
    if (!has(response.headers, "cache-control")) append(head, "Cache-Control", "no-store");
    if (framing.content_length) append(head, "Content-Length", std::to_string(*framing.content_length));
    if (framing.is_chunked) append(head, "Transfer-Encoding", "chunked");
    if (framing.is_closing) append(head, "Connection", "close");
    if (framing.is_keep_alive) append(head, "Connection", "keep-alive");
    head += "\r\n";
    return head;
}

}  // namespace msst::http
