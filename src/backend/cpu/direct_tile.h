#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "backend/cpu/storage.h"

namespace msst::backend::cpu {

// What rows of x are multiplied with: `steps` times 32 bits of each row (a float32 or two bfloat16) by as
// many rows of a packed panel.
struct DirectSpan {
    const std::byte* x;  // of the first row
    int64_t row_stride;  // bytes from one row to the next
    const std::byte* weight;
    int64_t steps;
};

// Some rows of an output line, for one panel of its channels: the sum over all spans, and what follows.
struct DirectPanel {
    std::span<const DirectSpan> spans;
    Storage factors = Storage::float32;  // of x and the weight; bfloat16 only where has_native_bfloat16()
    int64_t rows = 0;
    int64_t tile_stride = 0;      // bytes that x advances every kDirectRows rows
    int64_t vectors = 0;          // of the panel
    const float* bias = nullptr;  // [vectors * lanes]
    bool is_gelu = false;         // behind the sum
    bool is_gated = false;        // the first half of the vectors times the sigmoid of the second one
    bool accumulates = false;     // adds to what y holds
    Buffer y;                     // the panel's first channel of the first row; bfloat16 only if factors are
    int64_t y_stride = 0;         // elements from one row to the next
    int64_t channels = 0;         // of y in this panel; fewer than its vectors hold at the end
};

inline constexpr int64_t kDirectRows = 6;

// Numbers in a vector and vectors in a whole panel, of the instruction set that is used.
int64_t direct_lanes();
int64_t direct_vectors();

// Rows past the last one of the last tile are read, not written.
void direct_panel(const DirectPanel& panel);

}  // namespace msst::backend::cpu
