#include "http/range.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace msst::http {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();

// A range-spec as it stands there; no `first` means the last `last` bytes.
struct Spec {
    std::optional<int64_t> first;
    std::optional<int64_t> last;
};

// Digits only, at least one; numbers too large count as the largest.
std::optional<int64_t> parse_number(std::string_view text) {
    if (text.empty()) return std::nullopt;
    int64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const int digit = c - '0';
        number = number > (kLargest - digit) / 10 ? kLargest : number * 10 + digit;
    }
    return number;
}

std::optional<Spec> parse_spec(std::string_view text) {
    const size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view before = text.substr(0, dash);
    const std::string_view after = text.substr(dash + 1);
    Spec spec{parse_number(before), parse_number(after)};
    if (!before.empty() && !spec.first) return std::nullopt;
    if (!after.empty() && !spec.last) return std::nullopt;
    if (!spec.first && !spec.last) return std::nullopt;
    if (spec.first && spec.last && *spec.last < *spec.first) return std::nullopt;
    return spec;
}

// The part of the representation that a spec names, if there is one.
std::optional<ByteRange> resolve(const Spec& spec, int64_t size) {
    if (!spec.first) {
        const int64_t length = std::min(*spec.last, size);
        if (length == 0) return std::nullopt;
        return ByteRange{size - length, length};
    }
    if (*spec.first >= size) return std::nullopt;
    const int64_t last = std::min(spec.last.value_or(kLargest), size - 1);
    return ByteRange{*spec.first, last - *spec.first + 1};
}

bool is_touching(const ByteRange& a, const ByteRange& b) {
    return a.first <= b.first + b.length && b.first <= a.first + a.length;
}

// Joins `range` with those it overlaps or touches; the joined range takes the first one's place.
void add_joined(std::vector<ByteRange>& ranges, ByteRange range) {
    for (;;) {
        const auto hit = std::ranges::find_if(ranges, [&](const auto& r) { return is_touching(r, range); });
        if (hit == ranges.end()) break;
        const int64_t first = std::min(hit->first, range.first);
        const int64_t end = std::max(hit->first + hit->length, range.first + range.length);
        ranges.erase(hit);
        range = {first, end - first};
    }
    ranges.push_back(range);
}

}  // namespace

RangeRequest parse_range(std::optional<std::string_view> header, int64_t size) {
    using Kind = RangeRequest::Kind;
    // As many specs as anybody asks in earnest; beyond it the answer is the whole, at no cost.
    constexpr int kMaxSpecs = 64;
    if (!header) return {};
    const size_t equals = header->find('=');
    if (equals == std::string_view::npos || to_lower_ascii(header->substr(0, equals)) != "bytes") return {};
    std::string_view rest = header->substr(equals + 1);

    std::vector<ByteRange> ranges;
    int specs = 0;
    for (bool is_last = false; !is_last;) {
        const size_t comma = rest.find(',');
        is_last = comma == std::string_view::npos;
        const std::string_view piece = trim(rest.substr(0, comma));
        if (!is_last) rest.remove_prefix(comma + 1);
        if (piece.empty()) continue;  // a list may have empty elements (RFC 9110, 5.6.1.2)
        const std::optional<Spec> spec = parse_spec(piece);
        if (!spec || ++specs > kMaxSpecs) return {};
        if (const std::optional<ByteRange> range = resolve(*spec, size)) add_joined(ranges, *range);
    }
    if (specs == 0 || ranges.size() > kMaxRanges) return {};
    if (ranges.empty()) return {Kind::unsatisfiable, {}};
    return {Kind::partial, std::move(ranges)};
}

}  // namespace msst::http
