// Compiled once per instruction set: Highway includes this file again for each.
//
// A task turns what its squares see of x, 4 x 4 pixels each, into sixteen factors, all squares of a factor
// together. Then, for a panel of the weights after the other, it multiplies each of the sixteen by the
// panel's own, and sums up the squares of y while the products are in the first-level cache.
//
// mdx23c in float32 on two cores with AVX2: all its convolutions, counted as plain ones, at 1.46 of the large
// product that counts as the peak; at 0.83 by a tile without Winograd and at 0.44 by oneDNN 2.6. Relative
// error of the golden cases 1e-6, as before. F(4 x 4, 3 x 3) would need 9 products for these 16, at several
// times the error; AVX-512 was not tried.
#include "backend/cpu/winograd_convolution.h"

#include <algorithm>
#include <array>

#include "backend/cpu/matrix_product.h"
#include "backend/cpu/panel_product.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/winograd_convolution.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

inline constexpr int64_t kFactors = WinogradConvolution::kFactors;
inline constexpr int64_t kMostSquares = WinogradConvolution::kMostSquares;
inline constexpr int64_t kLineFloats = 16;  // keeps what is written together out of the same set of a cache

// One of the four sums of B^T d, of Lavin and Gray's (8).
template <int i>
HWY_INLINE Vector input_sum(const Vector (&d)[4]) {
    if constexpr (i == 0) return hn::Sub(d[0], d[2]);
    if constexpr (i == 1) return hn::Add(d[1], d[2]);
    if constexpr (i == 2) return hn::Sub(d[2], d[1]);
    if constexpr (i == 3) return hn::Sub(d[1], d[3]);
}

// One of the two sums of A^T m.
template <int i>
HWY_INLINE Vector output_sum(const Vector (&m)[4]) {
    if constexpr (i == 0) return hn::Add(hn::Add(m[0], m[1]), m[2]);
    if constexpr (i == 1) return hn::Sub(hn::Sub(m[1], m[2]), m[3]);
}

// The factors of some channels of a square: y, `stride` numbers from one factor to the next. pixels: of x,
// row by row.
template <class Which>
HWY_INLINE void transform_channels(const std::array<const float*, kFactors>& pixels, int64_t channel,
                                   float* y, int64_t stride, Which which) {
    Vector sums[4][4];  // [row of the factors, column of the pixels]
    unrolled<4>([&](auto column) MSST_BODY {
        Vector d[4];
        unrolled<4>([&](auto row) MSST_BODY {
            d[row] = load_at<Float32>(bytes(pixels[4 * row + column]), channel, which);
        });
        unrolled<4>([&](auto row) MSST_BODY { sums[row][column] = input_sum<row>(d); });
    });
    unrolled<4>([&](auto row) MSST_BODY {
        unrolled<4>([&](auto column) MSST_BODY {
            store_at<Float32>(input_sum<column>(sums[row]),
                              reinterpret_cast<std::byte*>(y + (4 * row + column) * stride), channel, which);
        });
    });
}

// All factors of a task: [factor, square, in].
HWY_INLINE void transform_input(const WinogradConvolution& c, const WinogradConvolution::Task& task,
                                const float* x, const float* zeros, float* factors, int64_t stride) {
    const WinogradConvolution::Shape& s = c.shape();
    const int64_t in = s.x[3];
    const auto pixel_at = [&](int64_t row, int64_t column) {
        if (row < 0 || row >= s.x[1] || column < 0 || column >= s.x[2]) return zeros;
        return x + ((task.sample * s.x[1] + row) * s.x[2] + column) * in;
    };
    std::array<const float*, kFactors> pixels;
    for (int64_t square = 0; square < task.rows * task.columns; ++square) {
        const int64_t row = 2 * (task.row + square / task.columns) - s.begin[0];
        const int64_t column = 2 * (task.column + square % task.columns) - s.begin[1];
        for (int64_t i = 0; i < kFactors; ++i) pixels[i] = pixel_at(row + i / 4, column + i % 4);
        for_row(in, [&](int64_t channel, auto which) MSST_BODY {
            transform_channels(pixels, channel, factors + square * in, stride, which);
        });
    }
}

// Where the pixels of a square of y go, and what is added: null where y has ended.
struct Square {
    std::array<float*, 4> y;
    std::array<const float*, 4> residual;
};

HWY_INLINE Square square_of(const WinogradConvolution& c, const WinogradConvolution::Task& task,
                            int64_t square, const float* residual, float* y) {
    const WinogradConvolution::Shape& s = c.shape();
    Square result = {};
    for (int64_t i = 0; i < 4; ++i) {
        const int64_t row = 2 * (task.row + square / task.columns) + i / 2;
        const int64_t column = 2 * (task.column + square % task.columns) + i % 2;
        if (row >= s.y[1] || column >= s.y[2]) continue;
        const int64_t at = ((task.sample * s.y[1] + row) * s.y[2] + column) * s.y[3];
        result.y[i] = y + at;
        if (residual) result.residual[i] = residual + at;
    }
    return result;
}

// Some channels of a square. products: of the square, `stride` numbers from one factor to the next.
template <class Which>
HWY_INLINE void put_square(const Square& square, const float* products, int64_t stride, Vector bias,
                           int64_t channel, Which which) {
    Vector sums[2][4];
    unrolled<4>([&](auto column) MSST_BODY {
        Vector m[4];
        unrolled<4>([&](auto row)
                        MSST_BODY { m[row] = hn::Load(Floats(), products + (4 * row + column) * stride); });
        unrolled<2>([&](auto row) MSST_BODY { sums[row][column] = output_sum<row>(m); });
    });
    unrolled<2>([&](auto row) MSST_BODY {
        unrolled<2>([&](auto column) MSST_BODY {
            constexpr int i = 2 * row + column;
            if (!square.y[i]) return;
            Vector value = hn::Add(output_sum<column>(sums[row]), bias);
            if (square.residual[i])
                value = hn::Add(value, load_at<Float32>(bytes(square.residual[i]), channel, which));
            store_at<Float32>(value, reinterpret_cast<std::byte*>(square.y[i]), channel, which);
        });
    });
}

// products: [factor, square, columns of a panel].
HWY_INLINE void put_panel(const WinogradConvolution& c, const WinogradConvolution::Task& task, int64_t first,
                          const float* products, int64_t stride, const float* residual, float* y) {
    const int64_t lanes = hn::Lanes(Floats());
    const int64_t out = c.shape().y[3];
    for (int64_t i = 0; i < task.rows * task.columns; ++i) {
        const Square square = square_of(c, task, i, residual, y);
        for (int64_t v = 0; v < kTileVectors && first + v * lanes < out; ++v) {
            const int64_t channel = first + v * lanes;
            const Vector bias = hn::LoadU(Floats(), c.bias() + channel);
            const float* at = products + (i * kTileVectors + v) * lanes;
            if (channel + lanes <= out)
                put_square(square, at, stride, bias, channel, Whole());
            else
                put_square(square, at, stride, bias, channel, Part{out - channel});
        }
    }
}

// One factor of all squares times its part of a panel.
HWY_INLINE void multiply_factor(const float* x, int64_t rows, int64_t in, const std::byte* weights,
                                float* y) {
    const int64_t lanes = hn::Lanes(Floats());
    for (int64_t row = 0; row < rows;)
        row += with_most_rows(rows - row, [&](auto kRows) MSST_BODY {
            product_tile<FloatFactors, kTileVectors, kRows>(
                PlainRows{bytes(x + row * in), in * 4}, weights, in,
                [&](int64_t r, int64_t v, Vector sum)
                    MSST_BODY { hn::Store(sum, Floats(), y + ((row + r) * kTileVectors + v) * lanes); });
        });
}

int64_t ProductStride() {
    return kMostSquares * kTileVectors * static_cast<int64_t>(hn::Lanes(Floats())) + kLineFloats;
}

// memory: zeros [in, rounded up to a line], products [16, ProductStride()], factors.
void ConvolveSquares(const WinogradConvolution& c, const WinogradConvolution::Task& task, const float* x,
                     const float* residual, float* y, float* memory) {
    const int64_t in = c.shape().x[3];
    const int64_t squares = task.rows * task.columns;
    const int64_t columns = kTileVectors * hn::Lanes(Floats());
    const int64_t product_stride = ProductStride();
    const int64_t factor_stride =
        (kMostSquares * in + kLineFloats - 1) / kLineFloats * kLineFloats + kLineFloats;
    float* zeros = memory;
    float* products = zeros + (in + kLineFloats - 1) / kLineFloats * kLineFloats;
    float* factors = products + kFactors * product_stride;
    std::fill_n(zeros, in, 0.0f);
    transform_input(c, task, x, zeros, factors, factor_stride);
    for (int64_t first = 0; first < c.shape().y[3]; first += columns) {
        const std::byte* panel = c.panels() + first * kFactors * in * 4;
        for (int64_t i = 0; i < kFactors; ++i)
            multiply_factor(factors + i * factor_stride, squares, in, panel + i * in * columns * 4,
                            products + i * product_stride);
        put_panel(c, task, first, products, product_stride, residual, y);
    }
}

int64_t WinogradFloats(int64_t in) {
    const int64_t zeros = (in + kLineFloats - 1) / kLineFloats * kLineFloats;
    const int64_t factor_stride =
        (kMostSquares * in + kLineFloats - 1) / kLineFloats * kLineFloats + kLineFloats;
    return zeros + kFactors * (ProductStride() + factor_stride);
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {
namespace {

HWY_EXPORT(WinogradFloats);

constexpr int64_t kFactors = WinogradConvolution::kFactors;
constexpr int64_t kFewestChannels = 16;

// The four sums of G g, of Lavin and Gray's (8).
std::array<double, 4> weight_sums(double g0, double g1, double g2) {
    return {g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2};
}

// G g G^T, row by row.
std::array<float, kFactors> transform_weight(const float* g) {
    std::array<std::array<double, 4>, 3> columns;
    for (int i = 0; i < 3; ++i) columns[i] = weight_sums(g[i], g[3 + i], g[6 + i]);
    std::array<float, kFactors> y;
    for (int row = 0; row < 4; ++row) {
        const auto sums = weight_sums(columns[0][row], columns[1][row], columns[2][row]);
        for (int column = 0; column < 4; ++column) y[4 * row + column] = static_cast<float>(sums[column]);
    }
    return y;
}

}  // namespace

WinogradConvolution::Blocks::Blocks(const Shape& s)
    : squares_down((s.y[1] + 1) / 2), squares_across((s.y[2] + 1) / 2) {
    const auto evenly = [](int64_t count, int64_t most) {
        const int64_t pieces = (count + most - 1) / most;
        return (count + pieces - 1) / pieces;
    };
    width = evenly(squares_across, kMostSquares);
    height = evenly(squares_down, kMostSquares / width);
}

bool WinogradConvolution::is_worth_it(const Shape& s) {
    return !has_avx512() && s.weight[2] == 3 && s.weight[3] == 3 &&
           s.strides == std::array<int64_t, 2>{1, 1} && s.x[3] >= kFewestChannels &&
           s.y[3] >= kFewestChannels;
}

int64_t WinogradConvolution::task_bytes(const Shape& shape) {
    return HWY_DYNAMIC_DISPATCH(WinogradFloats)(shape.x[3]) * 4;
}

int64_t WinogradConvolution::weight_bytes(const Shape& shape) {
    const int64_t columns = tile_columns();
    return (shape.y[3] + columns - 1) / columns * columns * kFactors * shape.x[3] * 4;
}

WinogradConvolution::WinogradConvolution(const Shape& shape, const float* weight, const float* bias)
    : shape_(shape), blocks_(shape), panels_(weight_bytes(shape)), bias_(shape.y[3] + tile_columns()) {
    const int64_t columns = tile_columns();
    const int64_t in = shape.x[3];
    if (bias) std::copy_n(bias, shape.y[3], bias_.begin());
    std::vector<float> factors(kFactors * in);  // of one column
    for (int64_t out = 0; out < shape.y[3]; ++out) {
        for (int64_t i = 0; i < in; ++i) {
            const auto all = transform_weight(weight + (out * in + i) * 9);
            for (int64_t k = 0; k < kFactors; ++k) factors[k * in + i] = all[k];
        }
        const int64_t panel = out / columns;
        pack_column(factors, Storage::float32,
                    panels_.data() + (panel * kFactors * in * columns + out % columns) * 4, columns * 4);
    }
}

HWY_EXPORT(ConvolveSquares);

void WinogradConvolution::run(int64_t index, const float* x, const float* residual, float* y,
                              std::byte* memory) const {
    Task task;
    task.column = index % blocks_.across() * blocks_.width;
    task.row = index / blocks_.across() % blocks_.down() * blocks_.height;
    task.sample = index / blocks_.across() / blocks_.down();
    task.rows = std::min(blocks_.height, blocks_.squares_down - task.row);
    task.columns = std::min(blocks_.width, blocks_.squares_across - task.column);
    HWY_DYNAMIC_DISPATCH(ConvolveSquares)(*this, task, x, residual, y, reinterpret_cast<float*>(memory));
}

}  // namespace msst::backend::cpu

#endif
