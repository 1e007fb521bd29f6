#include "config/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "base/text.h"
#include "yaml/scalars.h"

namespace msst::config {
namespace {

struct Unit {
    std::string_view name;  // lower case
    double factor;
};

constexpr std::array kSizes = {Unit{"kib", 1024}, Unit{"mib", 1024. * 1024}, Unit{"gib", 1024. * 1024 * 1024},
                               Unit{"kb", 1000},  Unit{"mb", 1e6},           Unit{"gb", 1e9}};
constexpr std::array kDurations = {Unit{"ms", 0.001}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600},
                                   Unit{"d", 86400}};

// `text` as a number with one of `units`, or `plain` without.
std::optional<double> parse_with_unit(std::string_view text, std::span<const Unit> units, double plain) {
    std::string lower = to_lower_ascii(trim(text));
    double factor = plain;
    for (const Unit& unit : units) {
        if (!lower.ends_with(unit.name)) continue;
        lower.resize(lower.size() - unit.name.size());
        factor = unit.factor;
        break;
    }
    const auto number = yaml::parse_number(trim(lower));
    if (!number || *number < 0) return std::nullopt;
    return *number * factor;
}

}  // namespace

std::optional<int64_t> parse_size(std::string_view text) {
    const auto bytes = parse_with_unit(text, kSizes, /*plain=*/1);
    if (!bytes || *bytes > 0x1p62) return std::nullopt;
    return std::llround(*bytes);
}

std::optional<double> parse_duration(std::string_view text, double plain_seconds) {
    return parse_with_unit(text, kDurations, plain_seconds);
}

std::string show_size(int64_t bytes) {
    struct Spelling {
        std::string_view name;
        int64_t factor;
    };
    static constexpr std::array kSpellings = {Spelling{"GB", 1'000'000'000}, Spelling{"GiB", 1 << 30},
                                              Spelling{"MB", 1'000'000}, Spelling{"MiB", 1 << 20},
                                              Spelling{"KB", 1'000}};
    for (const Spelling& unit : kSpellings)
        if (bytes > 0 && bytes % unit.factor == 0)
            return std::to_string(bytes / unit.factor) + std::string(unit.name);
    return std::to_string(bytes);
}

std::string show_number(double number) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end};
}

}  // namespace msst::config
