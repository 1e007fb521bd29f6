#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace msst {

// Makes UUIDs of version 7 (RFC 9562) in their usual lower-case form: 48 bits of time, so that ids sort by
// age, and 74 random bits, so that nobody guesses one. Each is greater than all that were made before it,
// also within a millisecond and when the clock was set back: there the random bits of the last one grow by a
// random step (section 6.2, method 2). Thread-safe.
class UuidMaker {
public:
    std::string make(Timestamp now);

private:
    std::mutex mutex_;
    uint64_t millis_ = 0;  // guarded by mutex_, as are the other two; of the last one made
    uint64_t high_ = 0;    // its 12 random bits before the variant
    uint64_t low_ = 0;     // its 62 random bits after it
};

// One of the maker that the whole process shares: what has to be in order is made in many places.
std::string make_uuid_v7(Timestamp now);

// Whether `text` is a UUID in the form that UuidMaker writes. Anything else
// that arrives as a task id must not come near a file name.
bool is_uuid(std::string_view text);

// `bytes` random bytes from the operating system, in lower-case hex.
std::string make_random_hex(int bytes);

}  // namespace msst
