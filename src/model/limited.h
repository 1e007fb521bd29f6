#pragma once

#include <cstdint>
#include <string_view>

namespace msst::model {

// No published network comes near these; beyond them, a configuration is taken for damaged.
constexpr int64_t kMaxFftSize = 65'536;
constexpr int64_t kMaxWidth = 65'536;  // numbers per token, channels
constexpr int64_t kMaxCount = 4096;    // blocks, bands, heads, layers

// Returns `value`. Throws Error(invalid_input), naming `key` as it stands in the configuration ("model.dim"),
// the value and both limits, if it lies outside of least … most.
int64_t limited(std::string_view key, int64_t value, int64_t least, int64_t most);

}  // namespace msst::model
