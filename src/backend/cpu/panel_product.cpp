// Compiled once per instruction set: Highway includes this file again for each.
//
// All rows go by a panel before the next one is looked at.
#include "backend/cpu/panel_product.h"

#include <algorithm>

#include "backend/cpu/matrix_product.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/panel_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

template <class Factors, class Out>
HWY_INLINE void multiply_panels(const PanelProduct& p, const std::byte* x, int64_t rows,
                                std::byte* const* y_rows) {
    const int64_t lanes = hn::Lanes(Floats());
    const int64_t columns = kTileVectors * lanes;
    const int64_t x_stride = p.in() * Factors::kBytes;
    for (int64_t first = 0; first < p.out(); first += columns) {
        const std::byte* panel = p.panels() + first * p.steps() * 4;
        const auto store = [&](std::byte* to, int64_t v, Vector sum) MSST_BODY {
            const int64_t at = first + v * lanes;
            if (to == nullptr || at >= p.out()) return;
            const Vector result = hn::Add(sum, hn::LoadU(Floats(), p.bias() + at));
            if (at + lanes <= p.out())
                store_at<Out>(result, to, at, Whole());
            else
                store_at<Out>(result, to, at, Part{p.out() - at});
        };
        for (int64_t row = 0; row < rows;)
            row += with_most_rows(rows - row, [&](auto kRows) MSST_BODY {
                product_tile<Factors, kTileVectors, kRows>(
                    PlainRows{x + row * x_stride, x_stride}, panel, p.steps(),
                    [&](int64_t r, int64_t v, Vector sum) MSST_BODY { store(y_rows[row + r], v, sum); });
            });
    }
}

void RunPanelProduct(const PanelProduct& p, Buffer x, int64_t rows, Storage y, std::byte* const* y_rows) {
    with_type(y, [&]<class Out>(Out) MSST_BODY {
#if MSST_HAS_BFLOAT16_FACTORS
        if (p.factors() == Storage::bfloat16) {
            multiply_panels<BFloat16Factors, Out>(p, x.data, rows, y_rows);
            return;
        }
#endif
        multiply_panels<FloatFactors, Out>(p, x.data, rows, y_rows);
    });
}

int64_t TileColumns() {
    return kTileVectors * hn::Lanes(Floats());
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(TileColumns);

int64_t tile_columns() {
    return HWY_DYNAMIC_DISPATCH(TileColumns)();
}

namespace {

int64_t panel_bytes(int64_t out, int64_t in, Storage factors) {
    const int64_t columns = tile_columns();
    return (out + columns - 1) / columns * columns * in * size_of(factors);
}

}  // namespace

bool PanelProduct::can_have(Storage factors, int64_t in) {
    return factors == Storage::float32 || (has_native_bfloat16() && in % 2 == 0);
}

PanelProduct::PanelProduct(int64_t out, int64_t in, const float* weight, Storage factors, const float* bias)
    : in_(in),
      out_(out),
      factors_(factors),
      panels_(panel_bytes(out, in, factors)),
      bias_(out + tile_columns()) {
    const int64_t columns = tile_columns();
    if (bias) std::copy_n(bias, out, bias_.begin());
    for (int64_t o = 0; o < out; ++o)
        pack_column({weight + o * in, static_cast<size_t>(in)}, factors_,
                    panels_.data() + (o / columns * columns * steps() + o % columns) * 4, columns * 4);
}

HWY_EXPORT(RunPanelProduct);

void PanelProduct::run(Buffer x, int64_t rows, Storage y, std::byte* const* y_rows) const {
    HWY_DYNAMIC_DISPATCH(RunPanelProduct)(*this, x, rows, y, y_rows);
}

}  // namespace msst::backend::cpu

#endif
