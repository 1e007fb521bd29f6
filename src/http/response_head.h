#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "http/message.h"

namespace msst::http {

// What the session adds to a response.
struct ResponseFraming {
    std::optional<int64_t> content_length;  // none: nothing is said of it
    bool is_chunked = false;
    bool is_closing = false;     // the connection ends after it
    bool is_keep_alive = false;  // it does not, and the client needs to be told (HTTP/1.0)
};

// The head of a response as it goes over the wire: status line, `framing`, the response's own headers, then
// `extra`, and what every response has unless one of those sets it (Date, Server, X-Content-Type-Options:
// nosniff, Cache-Control: no-store). Throws Error(internal) for a header name that is no token and for a
// value with a line break or another control character.
std::string serialize_head(const Response& response, const ResponseFraming& framing, const HeaderList& extra,
                           Timestamp now);

}  // namespace msst::http
