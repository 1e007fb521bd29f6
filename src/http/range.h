#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// The Range header (RFC 9110, 14): which bytes of a representation the client wants.

namespace msst::http {

struct ByteRange {
    int64_t first = 0;
    int64_t length = 0;  // > 0

    bool operator==(const ByteRange&) const = default;
};

struct RangeRequest {
    enum class Kind {
        whole,          // no Range, one that does not parse, another unit, or more ranges than we serve: 200
        partial,        // `ranges` are to be sent: 206
        unsatisfiable,  // well formed, but no range meets the representation: 416
    };
    Kind kind = Kind::whole;
    std::vector<ByteRange> ranges;  // inside the representation, overlapping and touching ones joined; in the
                                    // order the client named them
};

// How many ranges, after joining, are served; a request for more gets the whole (RFC 9110, 14.2 and 17.15).
inline constexpr size_t kMaxRanges = 16;

// header: the value of Range, if there is one. size: of the representation in bytes, >= 0.
// Numbers beyond 2^63 count as the largest; nothing throws.
RangeRequest parse_range(std::optional<std::string_view> header, int64_t size);

}  // namespace msst::http
