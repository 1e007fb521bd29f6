#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Sizes and durations as people write them.

namespace msst::config {

// Bytes: "500MB", "1.5 GiB", "1024". KB MB GB are powers of 1000, KiB MiB GiB of 1024, in any capitals. None
// for anything else, for negative sizes and above 2^62.
std::optional<int64_t> parse_size(std::string_view text);

// Seconds: "30s", "500ms", "5m", "1.5h", "7d"; a plain number counts in units of `plain_seconds`. None for
// anything else and for negative durations.
std::optional<double> parse_duration(std::string_view text, double plain_seconds);

// The shortest exact spelling: 500000000 is "500MB", 1536 is "1536".
std::string show_size(int64_t bytes);

// Without needless digits: 24 is "24", 0.5 is "0.5". Reads back to the same number.
std::string show_number(double number);

}  // namespace msst::config
