#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

// Conditional requests (RFC 9110, 13).

namespace msst::http {

// What tells one state of a representation from another.
struct Validators {
    std::string etag;  // quoted, with W/ in front when weak; empty: none
    std::optional<Timestamp> last_modified;
};

enum class Precondition {
    holds,         // go on
    not_modified,  // GET or HEAD: answer 304
    failed,        // answer 412
};

// If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since in the order of RFC 9110, 13.2.2. A
// condition that does not parse is ignored (dates) or matches nothing (tags).
Precondition evaluate_preconditions(const Request& request, const Validators& current);

// Whether a Range counts: there is no If-Range, or its strong tag or exact date is the current one. A weak
// tag never is.
bool if_range_holds(const Request& request, const Validators& current);

// The three forms of RFC 9110, 5.6.7; none when it is none of them.
std::optional<Timestamp> parse_http_date(std::string_view text);

}  // namespace msst::http
