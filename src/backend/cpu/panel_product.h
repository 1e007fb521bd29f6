#pragma once

#include <vector>

#include "backend/cpu/panels.h"
#include "backend/cpu/storage.h"

namespace msst::backend::cpu {

// Columns of a panel: of the tile in product_tile-inl.h on this processor.
int64_t tile_columns();

// y = x weight^T + bias by our own tile of registers, with the weight packed once, in one thread. For
// products that are too many or too small for oneDNN, or whose result goes where it cannot put it.
class PanelProduct {
public:
    // Whether there are products of such factors: bfloat16 where the processor multiplies them, two at a
    // time.
    static bool can_have(Storage factors, int64_t in);

    // weight [out, in], bias [out] or null; both are copied. factors: of x and the packed weight.
    PanelProduct(int64_t out, int64_t in, const float* weight, Storage factors, const float* bias);

    int64_t in() const { return in_; }
    int64_t out() const { return out_; }
    Storage factors() const { return factors_; }
    int64_t steps() const { return in_ * size_of(factors_) / 4; }
    const std::byte* panels() const { return panels_.data(); }
    const float* bias() const { return bias_.data(); }

    // x [rows, in] in `factors`, one row behind the other; row r of the result, [out] in `y`, goes to
    // y_rows[r], or nowhere where that is null. Fastest for blocks of up to kRowsOfBlock rows.
    void run(Buffer x, int64_t rows, Storage y, std::byte* const* y_rows) const;

    static constexpr int64_t kRowsOfBlock = 96;  // they stay in the second-level cache

private:
    int64_t in_;
    int64_t out_;
    Storage factors_;
    PanelMemory panels_;       // [panels, steps, columns of a tile] times 32 bits
    std::vector<float> bias_;  // up to a whole panel
};

}  // namespace msst::backend::cpu
