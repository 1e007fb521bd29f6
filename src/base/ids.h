#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace msst {

// A new UUID version 7 (RFC 9562) in its usual lower-case form: 48 bits of time,
// so that ids sort by age, and 74 random bits, so that nobody guesses one.
std::string make_uuid_v7(Timestamp now);

// Whether `text` is a UUID in the form that make_uuid_v7 writes. Anything else
// that arrives as a task id must not come near a file name.
bool is_uuid(std::string_view text);

// `bytes` random bytes from the operating system, in lower-case hex.
std::string make_random_hex(int bytes);

}  // namespace msst
