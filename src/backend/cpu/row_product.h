#pragma once

#include <vector>

#include "backend/cpu/matrix_product.h"
#include "backend/cpu/panels.h"

namespace msst::backend::cpu {

// What PackedProduct does, in float32 by our own tile of registers, on all threads: for processors where
// oneDNN packs the weight again for every call.
class RowProduct {
public:
    static bool suits(const ProductShape& shape);

    // weight [out, in], bias [out] or empty; both are copied.
    RowProduct(const ProductShape& shape, const float* weight, const float* bias);

    // Memory for run().
    static int64_t scratch_bytes(const ProductShape& shape, int threads);

    // scratch: scratch_bytes(), 64 aligned.
    void run(const float* x, float* y, int64_t rows, int threads, std::byte* scratch) const;

    // Some rows and some panels of the result.
    struct Part {
        const float* x = nullptr;
        float* y = nullptr;
        int64_t rows = 0;
        int64_t first_panel = 0;
        int64_t last_panel = 0;   // behind it
        float* packed = nullptr;  // memory for the rows of x
    };

    const ProductShape& shape() const { return shape_; }
    const std::byte* panels() const { return panels_.data(); }
    const float* bias() const { return bias_.data(); }
    // Whether panels come from far away: a large weight, and results enough to push it out of the caches.
    bool asks_ahead() const;

private:
    ProductShape shape_;
    int64_t panel_count_;
    PanelMemory panels_;       // [panels, in, columns of a tile]
    std::vector<float> bias_;  // up to a whole panel
};

}  // namespace msst::backend::cpu
