// Compiled once per instruction set: Highway includes this file again for each.
//
// A block of rows that stays in the second-level cache goes by all panels of the weight; of a panel, which
// stays in the first-level one, all rows of the block take their share. Going by the first panel the block is
// packed, so that a tile reads one stretch of memory from its beginning to its end; from rows as they lie,
// six streams of a few lines each, the Roformers' layers took 5 % longer (0 to 12, in turns), the smaller
// ones less if a block was packed before its first tile instead of beside it. What follows the sum is done
// while the tile is in the first-level cache.
//
// Lines of y are asked for before the tile whose sums go there, since most come from the third-level cache or
// farther: 5 to 8 %. So are the lines of the next panel of a large weight (asks_ahead()): 5 to 10 % of layers
// from 512 to 2048 numbers while others use the third-level cache too, nothing on a quiet machine; of 1536 to
// 1536 numbers 6 to 22 %, if they are asked for a few at a time.
//
// Tried: Strassen's algorithm, once. An eighth fewer multiplications, errors twice as large, weights 7/4 of
// their size. In Winograd's form, the sums of the weight packed, the rows not: 0.9 to 1.1 of the speed. As V.
// Strassen wrote it, the sums of both packed, results summed up in the first-level cache: 0.98 to 1.05 of
// layers of at most 512 numbers, 0.84 to 1.03 of wider ones. Blocks of twice the size: nothing for narrow
// layers, 5 % lost where x is wide and y narrow.
//
// Without AVX-512 oneDNN 2.6 packs the weight again for every 2048 rows, a tenth of its time, and makes bias
// and activation a pass of their own. mel_band_roformer in float32 on two cores with AVX2, share of the large
// product that counts as the peak: linear layers 0.82 by oneDNN, 0.95 by this; its bands 0.76 and 0.87. With
// AVX-512 oneDNN packs once, and this was not tried.
#include "backend/cpu/row_product.h"

#include <algorithm>

#include <omp.h>

#include "backend/cpu/panel_product.h"
#include "backend/cpu/row_blocks.h"
#include "backend/cpu/vector_kernels.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/row_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_functions-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

constexpr int64_t kPanelsWorthPacking = 4;  // of fewer, each row is read too seldom

// `rows` of a tile at column `first`: bias and what follows the sum. Not inlined: what follows, once for
// every register of a tile, would take the compiler minutes.
HWY_NOINLINE void finish_rows(const RowProduct& p, const float* sums, int64_t rows, int64_t first, float* y) {
    const ProductShape& s = p.shape();
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    with_activation(s.activation, [&](auto activate) MSST_BODY {
        for (int64_t v = 0; v < kTileVectors && first + v * lanes < s.out; ++v) {
            const int64_t column = first + v * lanes;
            const Vector bias = hn::LoadU(d, p.bias() + column);
            const auto finish = [&](int64_t r, auto part) MSST_BODY {
                auto* at = reinterpret_cast<std::byte*>(y + r * s.y_stride);
                Vector value = activate(hn::Add(hn::Load(d, sums + (r * kTileVectors + v) * lanes), bias));
                if (s.accumulates) value = hn::Add(value, load_at<Float32>(at, column, part));
                store_at<Float32>(value, at, column, part);
            };
            if (column + lanes <= s.out)
                for (int64_t r = 0; r < rows; ++r) finish(r, Whole());
            else
                for (int64_t r = 0; r < rows; ++r) finish(r, Part{s.out - column});
        }
    });
}

// Asks for the next panel, for the second-level cache, while this one is multiplied: a share of its lines
// before every stretch of a tile.
class NextPanel {
public:
    // null: there is none. tiles: of this panel; steps: of a tile.
    HWY_INLINE NextPanel(const std::byte* panel, int64_t bytes, int64_t tiles, int64_t steps)
        : stretch_(panel && steps > kLongStretch ? kShortStretch : steps) {
        if (panel == nullptr) return;
        at_ = panel;
        end_ = panel + bytes;
        const int64_t stretches = tiles * ((steps + stretch_ - 1) / stretch_);
        share_ = up_to_multiple(bytes, stretches * kLine) / stretches;
    }

    int64_t stretch() const { return stretch_; }  // in steps

    HWY_INLINE void ask() {
        const std::byte* last = at_ + std::min<int64_t>(share_, end_ - at_);
        for (; at_ < last; at_ += kLine) __builtin_prefetch(at_, 0, 2);
    }

private:
    static constexpr int64_t kLine = 64;
    static constexpr int64_t kLongStretch = 512;
    static constexpr int64_t kShortStretch = 128;  // more lines at once than for these wait for each other
    const std::byte* at_ = nullptr;
    const std::byte* end_ = nullptr;
    int64_t stretch_;
    int64_t share_ = 0;  // bytes, whole lines
};

HWY_INLINE void prefetch_rows(const float* x, int64_t stride, int64_t rows, int64_t in) {
    for (int64_t row = 0; row < rows; ++row)
        for (int64_t i = 0; i < in; i += 16) hwy::Prefetch(x + row * stride + i);
}

// One tile of the product; sums: [kRows, columns of a tile].
template <int kRows, class Rows>
HWY_INLINE void multiply_tile(Rows rows, const std::byte* weight, int64_t steps, NextPanel& next,
                              float* sums) {
    const int64_t lanes = hn::Lanes(Floats());
    Sums<kRows, kTileVectors> in_registers;
    clear<kRows, kTileVectors>(in_registers);
    for (int64_t first = 0; first < steps; first += next.stretch()) {
        const int64_t count = std::min(next.stretch(), steps - first);
        next.ask();
        add_products<FloatFactors, kRows, kTileVectors>(rows, weight + first * kTileVectors * lanes * 4,
                                                        count, in_registers);
        rows.x += count * Rows::kStepBytes;
    }
    unrolled<kRows>([&](auto r) MSST_BODY {
        unrolled<kTileVectors>([&](auto v) MSST_BODY {
            hn::Store(in_registers[r][v], Floats(), sums + (r * kTileVectors + v) * lanes);
        });
    });
}

void MultiplyPart(const RowProduct& p, const RowProduct::Part& part) {
    const ProductShape& s = p.shape();
    const int64_t lanes = hn::Lanes(Floats());
    const int64_t columns = kTileVectors * lanes;
    const bool is_packed = part.last_panel - part.first_panel >= kPanelsWorthPacking;
    const int64_t panel_bytes = columns * s.in * 4;
    const int64_t tiles = (part.rows + kTileRows - 1) / kTileRows;
    HWY_ALIGN float sums[hn::MaxLanes(Floats()) * kTileRows * kTileVectors];
    for (int64_t panel = part.first_panel; panel < part.last_panel; ++panel) {
        const std::byte* weight = p.panels() + panel * panel_bytes;
        const bool asks = p.asks_ahead() && panel + 1 < part.last_panel;
        NextPanel next(asks ? weight + panel_bytes : nullptr, panel_bytes, tiles, s.in);
        for (int64_t row = 0; row < part.rows;)
            row += with_most_rows(part.rows - row, [&](auto kRows) MSST_BODY {
                for (int64_t r = 0; r < kRows; ++r)
                    hwy::Prefetch(part.y + (row + r) * s.y_stride + panel * columns);
                constexpr bool kIsGroup = kRows == kPackedRows;
                if (is_packed && panel == part.first_panel && kIsGroup) {
                    prefetch_rows(part.x + (row + kRows) * s.x_stride, s.x_stride,
                                  std::min<int64_t>(part.rows - row - kRows, kTileRows), s.in);
                    pack_rows(part.x + row * s.x_stride, s.x_stride, s.in, part.packed + row * s.in);
                }
                if (is_packed && kIsGroup)
                    multiply_tile<kRows>(PackedRows{bytes(part.packed + row * s.in)}, weight, s.in, next,
                                         sums);
                else
                    multiply_tile<kRows>(PlainRows{bytes(part.x + row * s.x_stride), s.x_stride * 4}, weight,
                                         s.in, next, sums);
                finish_rows(p, sums, kRows, panel * columns, part.y + row * s.y_stride);
            });
    }
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {
namespace {

constexpr int64_t kTileRows = 6;
constexpr int64_t kBlockBytes = 192 << 10;  // of x: with a panel less than a second-level cache

int64_t most_rows_of_block(int64_t in) {
    return std::max(kTileRows, kBlockBytes / (in * 4) / kTileRows * kTileRows);
}

// A packed block.
int64_t lane_bytes(int64_t in) {
    return up_to_multiple(most_rows_of_block(in) * in * 4, 64);
}

}  // namespace

// Smaller weights, and those of few results, are in the caches anyhow and lose 3 to 7 %.
bool RowProduct::asks_ahead() const {
    constexpr int64_t kLargeWeight = 2 << 20;
    return shape_.out >= shape_.in && shape_.out * shape_.in * 4 >= kLargeWeight;
}

bool RowProduct::suits(const ProductShape& s) {
    return s.x_storage == Storage::float32 && s.y_storage == Storage::float32 && !has_avx512();
}

RowProduct::RowProduct(const ProductShape& shape, const float* weight, const float* bias)
    : shape_(shape),
      panel_count_((shape.out + tile_columns() - 1) / tile_columns()),
      panels_(panel_count_ * tile_columns() * shape.in * 4),
      bias_(panel_count_ * tile_columns()) {
    const int64_t columns = tile_columns();
    if (shape.has_bias) std::copy_n(bias, shape.out, bias_.begin());
    for (int64_t o = 0; o < shape.out; ++o)
        pack_column({weight + o * shape.in, static_cast<size_t>(shape.in)}, Storage::float32,
                    panels_.data() + (o / columns * columns * shape.in + o % columns) * 4, columns * 4);
}

HWY_EXPORT(MultiplyPart);

int64_t RowProduct::scratch_bytes(const ProductShape& shape, int threads) {
    return threads * lane_bytes(shape.in);
}

void RowProduct::run(const float* x, float* y, int64_t rows, int threads, std::byte* scratch) const {
    const auto run_part = [&](int64_t first, int64_t count, int64_t first_panel, int64_t last_panel) {
        const Part part = {
            .x = x + first * shape_.x_stride,
            .y = y + first * shape_.y_stride,
            .rows = count,
            .first_panel = first_panel,
            .last_panel = last_panel,
            .packed = reinterpret_cast<float*>(scratch + omp_get_thread_num() * lane_bytes(shape_.in))};
        HWY_DYNAMIC_DISPATCH(MultiplyPart)(*this, part);
    };
    const int64_t tiles = (rows + kTileRows - 1) / kTileRows;
    const int64_t groups = std::min(threads / tiles, panel_count_);
    if (groups > 1) {  // few rows: the panels are divided as well
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
        for (int64_t task = 0; task < tiles * groups; ++task) {
            const int64_t first = task / groups * kTileRows;
            const int64_t group = task % groups;
            run_part(first, std::min(kTileRows, rows - first), panel_count_ * group / groups,
                     panel_count_ * (group + 1) / groups);
        }
        return;
    }
    RowBlocks blocks(rows, kTileRows, most_rows_of_block(shape_.in), threads);
#pragma omp parallel num_threads(threads)
    for (auto block = blocks.take(); block.count > 0; block = blocks.take())
        run_part(block.first, block.count, 0, panel_count_);
}

}  // namespace msst::backend::cpu

#endif
