// Compiled once per instruction set: Highway includes this file again for each.
//
// A layer has few inputs (6 to 48 in the published networks), so z is cheaper to compute twice than to write
// and read: once for its statistics, once for what is done with it. Both times it never leaves the registers.
#include "backend/cpu/gated_rows.h"

#include <algorithm>

#include "backend/cpu/vector_kernels.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gated_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_functions-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

// Rows of x and y that stay in the first-level cache while all channels are computed.
constexpr int64_t kBlockRows = int64_t{8} * kTileRows;

// z of kTileRows rows, of a vector of channels and of the gates of these: [row][half]. Rows past the last one
// repeat it.
struct GatedTile {
    Vector z[kTileRows][2];
};

HWY_INLINE void gated_tile(const float* hidden, int64_t rows, int64_t in, const float* weights,
                           GatedTile& tile) {
    const Floats d;
    const float* row[kTileRows];
    unrolled<kTileRows>([&](auto r) MSST_BODY {
        row[r] = hidden + std::min<int64_t>(r, rows - 1) * in;
        tile.z[r][0] = tile.z[r][1] = hn::Zero(d);
    });
    for (int64_t k = 0; k < in; ++k, weights += 2 * kLanes) {
        const Vector first = hn::LoadU(d, weights);
        const Vector second = hn::LoadU(d, weights + kLanes);
        unrolled<kTileRows>([&](auto r) MSST_BODY {
            const Vector x = hn::Set(d, row[r][k]);
            tile.z[r][0] = hn::MulAdd(x, first, tile.z[r][0]);
            tile.z[r][1] = hn::MulAdd(x, second, tile.z[r][1]);
        });
    }
}

// Sums are those of distances from the first row, which is near enough to the mean for single precision.
void GatedSpreads(const float* hidden, int64_t rows, const GatedWeights& weights, float* means,
                  float* squares) {
    const Floats d;
    const int64_t in = weights.in();
    const int64_t half = padded(weights.channels());
    const Vector share = hn::Set(d, 1.0f / static_cast<float>(rows));
    for (int64_t c = 0; c < half; c += hn::Lanes(d)) {
        const float* panel = weights.panel(c / kLanes * kLanes) + c % kLanes;
        Vector origin[2] = {hn::Zero(d), hn::Zero(d)};
        Vector sum[2] = {hn::Zero(d), hn::Zero(d)};
        Vector square[2] = {hn::Zero(d), hn::Zero(d)};
        for (int64_t first = 0; first < rows; first += kTileRows) {
            GatedTile tile;
            const int64_t count = std::min<int64_t>(kTileRows, rows - first);
            gated_tile(hidden + first * in, count, in, panel, tile);
            unrolled<2>([&](auto h) MSST_BODY {
                if (first == 0) origin[h] = tile.z[0][h];
                unrolled<kTileRows>([&](auto r) MSST_BODY {
                    if (r >= count) return;
                    const Vector distance = hn::Sub(tile.z[r][h], origin[h]);
                    sum[h] = hn::Add(sum[h], distance);
                    square[h] = hn::MulAdd(distance, distance, square[h]);
                });
            });
        }
        unrolled<2>([&](auto h) MSST_BODY {
            const Vector mean = hn::Mul(sum[h], share);
            hn::StoreU(hn::Add(origin[h], mean), d, means + h * half + c);
            hn::StoreU(hn::Max(hn::NegMulAdd(mean, sum[h], square[h]), hn::Zero(d)), d,
                       squares + h * half + c);
        });
    }
}

template <class In, class Out, class Part>
HWY_INLINE void gated_store(const GatedTile& tile, int64_t rows, int64_t channels, const std::byte* x,
                            const float* scale, const float* shift, int64_t half, Part part, std::byte* y) {
    const Floats d;
    const Vector scale_a = hn::LoadU(d, scale);
    const Vector scale_b = hn::LoadU(d, scale + half);
    const Vector shift_a = hn::LoadU(d, shift);
    const Vector shift_b = hn::LoadU(d, shift + half);
    unrolled<kTileRows>([&](auto r) MSST_BODY {
        if (r >= rows) return;
        const Vector a = hn::MulAdd(tile.z[r][0], scale_a, shift_a);
        const Vector b = hn::MulAdd(tile.z[r][1], scale_b, shift_b);
        const Vector old = load_at<In>(x + r * channels * In::kBytes, 0, part);
        store_at<Out>(hn::MulAdd(a, Sigmoid(b), old), y + r * channels * Out::kBytes, 0, part);
    });
}

template <class In, class Out>
HWY_INLINE void gated_block(const std::byte* x, const float* hidden, int64_t rows,
                            const GatedWeights& weights, const float* scale, const float* shift,
                            std::byte* y) {
    const int64_t in = weights.in();
    const int64_t channels = weights.channels();
    for_row(channels, [&](int64_t c, auto part) MSST_BODY {
        const float* panel = weights.panel(c / kLanes * kLanes) + c % kLanes;
        for (int64_t first = 0; first < rows; first += kTileRows) {
            GatedTile tile;
            const int64_t count = std::min<int64_t>(kTileRows, rows - first);
            gated_tile(hidden + first * in, count, in, panel, tile);
            const int64_t at = first * channels + c;
            gated_store<In, Out>(tile, count, channels, x + at * In::kBytes, scale + c, shift + c,
                                 padded(channels), part, y + at * Out::kBytes);
        }
    });
}

void GatedRows(Buffer x, const float* hidden, int64_t rows, const GatedWeights& weights, const float* scale,
               const float* shift, Buffer y) {
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            for (int64_t first = 0; first < rows; first += kBlockRows) {
                const int64_t count = std::min(kBlockRows, rows - first);
                const int64_t at = first * weights.channels();
                gated_block<In, Out>(x.data + at * In::kBytes, hidden + first * weights.in(), count, weights,
                                     scale, shift, y.data + at * Out::kBytes);
            }
        });
    });
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(GatedSpreads);
HWY_EXPORT(GatedRows);

GatedWeights::GatedWeights(const float* weight, int64_t channels, int64_t in)
    : channels_(channels), in_(in), values_(2 * padded(channels) * in, 0.0f) {
    for (int64_t c = 0; c < channels; ++c)
        for (int64_t k = 0; k < in; ++k) {
            float* to = values_.data() + 2 * (c / kLanes * kLanes * in + k * kLanes) + c % kLanes;
            to[0] = weight[c * in + k];
            to[kLanes] = weight[(channels + c) * in + k];
        }
}

void gated_spreads(const float* hidden, int64_t rows, const GatedWeights& weights, float* means,
                   float* squares) {
    HWY_DYNAMIC_DISPATCH(GatedSpreads)(hidden, rows, weights, means, squares);
}

void gated_rows(Buffer x, const float* hidden, int64_t rows, const GatedWeights& weights, const float* scale,
                const float* shift, Buffer y) {
    HWY_DYNAMIC_DISPATCH(GatedRows)(x, hidden, rows, weights, scale, shift, y);
}

}  // namespace msst::backend::cpu

#endif
