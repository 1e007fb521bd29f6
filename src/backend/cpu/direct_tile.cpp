// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/direct_tile.h"

#include <algorithm>

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/direct_tile.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_functions-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

static_assert(kTileRows == kDirectRows);

// `count` of y's numbers; fewer than a vector holds: only those are touched.
template <class Out>
HWY_INLINE void direct_put(Vector value, bool accumulates, int64_t count, std::byte* y) {
    const auto put = [&](auto part) MSST_BODY {
        if (accumulates) value = hn::Add(value, load_at<Out>(y, 0, part));
        store_at<Out>(value, y, 0, part);
    };
    if (count >= static_cast<int64_t>(hn::Lanes(Floats())))
        put(Whole());
    else
        put(Part{count});
}

// One row of a tile: bias and what follows the sum. A loop of its own, not unrolled with the tile: what
// follows, once for every register of it, took the compiler minutes.
template <class Out>
HWY_NOINLINE void direct_finish(const DirectPanel& p, int64_t vectors, const float* sums, std::byte* y) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t written = p.is_gated ? vectors / 2 : vectors;
    for (int64_t v = 0; v < written && v * lanes < p.channels; ++v) {
        Vector value = hn::Add(hn::LoadU(d, sums + v * lanes), hn::LoadU(d, p.bias + v * lanes));
        if (p.is_gated) {
            const int64_t gate = (v + written) * lanes;
            value = hn::Mul(value, Sigmoid(hn::Add(hn::LoadU(d, sums + gate), hn::LoadU(d, p.bias + gate))));
        } else if (p.is_gelu) {
            with_activation(graph::Activation::gelu, [&](auto gelu) MSST_BODY { value = gelu(value); });
        }
        direct_put<Out>(value, p.accumulates, p.channels - v * lanes, y + v * lanes * Out::kBytes);
    }
}

template <class Factors, class Out>
HWY_INLINE void direct_rows(const DirectPanel& p) {
    with_vectors(p.vectors, [&]<int kVectors>(std::integral_constant<int, kVectors>) MSST_BODY {
        int64_t x_at = 0;
        for (int64_t first = 0; first < p.rows; first += kTileRows, x_at += p.tile_stride) {
            Sums<kTileRows, kVectors> sums;
            clear<kTileRows, kVectors>(sums);
            for (const DirectSpan& span : p.spans)
                add_products<Factors, kTileRows, kVectors>(PlainRows{span.x + x_at, span.row_stride},
                                                           span.weight, span.steps, sums);
            HWY_ALIGN float tile[hn::MaxLanes(Floats()) * kTileRows * kVectors];
            const int64_t row = kVectors * hn::Lanes(Floats());
            unrolled<kTileRows>([&](auto r) MSST_BODY {
                unrolled<kVectors>([&](auto v) MSST_BODY {
                    hn::Store(sums[r][v], Floats(), tile + r * row + v * hn::Lanes(Floats()));
                });
            });
            for (int64_t r = 0; r < std::min<int64_t>(kTileRows, p.rows - first); ++r)
                direct_finish<Out>(p, kVectors, tile + r * row, p.y.at((first + r) * p.y_stride).data);
        }
    });
}

void DirectPanelRows(const DirectPanel& p) {
#if MSST_HAS_BFLOAT16_FACTORS
    if (p.factors == Storage::bfloat16) {
        if (p.y.storage == Storage::bfloat16)
            direct_rows<BFloat16Factors, BFloat16Factors>(p);
        else
            direct_rows<BFloat16Factors, Float32>(p);
        return;
    }
#endif
    direct_rows<FloatFactors, Float32>(p);
}

int64_t DirectLanes() {
    return hn::Lanes(Floats());
}

int64_t DirectVectors() {
    return kTileVectors;
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(DirectPanelRows);
HWY_EXPORT(DirectLanes);
HWY_EXPORT(DirectVectors);

int64_t direct_lanes() {
    return HWY_DYNAMIC_DISPATCH(DirectLanes)();
}

int64_t direct_vectors() {
    return HWY_DYNAMIC_DISPATCH(DirectVectors)();
}

void direct_panel(const DirectPanel& panel) {
    HWY_DYNAMIC_DISPATCH(DirectPanelRows)(panel);
}

}  // namespace msst::backend::cpu

#endif
