// Compiled once per instruction set: Highway includes this file again for each.
//
// Keys are packed into panels as wide as a tile of registers, values too; queries go through in blocks, so
// that the scores of a block stay in the second-level cache together with all keys and values of the head.
// Softmax takes a whole row at a time: its largest score is exact and nothing is rescaled. The division by
// the sum is left for the very end, where it and the gate are one factor.
#include "backend/cpu/attention_head.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/attention_head.cpp"
#include <hwy/foreach_target.h>
#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>

#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

constexpr int64_t kStepBytes = 4;
constexpr int64_t kLine = 64;                                      // bytes of a line of the cache
constexpr int64_t kTransposed = HWY_TARGET == HWY_SCALAR ? 1 : 4;  // rows and columns transposed at a time

inline int64_t panel_columns() {
    return kTileVectors * hn::Lanes(Floats());
}

// Calls body(first column, vectors) for every panel of a matrix whose columns are padded to whole vectors.
template <class Body>
HWY_INLINE void for_panels(int64_t columns, const Body& body) {
    const int64_t lanes = hn::Lanes(Floats());
    for (int64_t at = 0; at < columns; at += panel_columns())
        body(at, std::min<int64_t>(kTileVectors, (columns - at) / lanes));
}

// Row i is read: asks for one that will be read soon, of this head or, near its end, of the next one, which
// lies beside it. Rows of a head are kilobytes apart, which no processor foresees.
HWY_INLINE void prefetch_row(const AttentionHead& head, const Rows& rows, int64_t i, int64_t count) {
    constexpr int64_t kAhead = 16;
    const int64_t next = i + kAhead;
    const std::byte* row =
        next < count ? rows.at(next).data : rows.at(next % count).at(head.op->head_dim).data;
    const int64_t row_bytes = head.op->head_dim * size_of(rows.first.storage);
    for (int64_t at = 0; at < row_bytes + kLine; at += kLine) hwy::Prefetch(row + at);
}

// A query or key with its position, and zeros up to the end of the last step.
template <class Factors>
HWY_INLINE void embed(const AttentionHead& head, Buffer x, const Angles& angles, int64_t i, std::byte* y,
                      int64_t row_bytes) {
    const Floats d;
    const int64_t dim = head.op->head_dim;
    const bool has_angles = angles.cosine != nullptr;
    const float* cosine = has_angles ? angles.cosine + i * dim : nullptr;
    const float* sine = has_angles ? angles.sine + i * dim : nullptr;
    const bool is_polar = head.op->position == graph::Attention::Position::polar;
    const int64_t used = (is_polar ? 2 : 1) * dim * Factors::kBytes;
    if (used < row_bytes) std::memset(y + used, 0, row_bytes - used);
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        for_row(dim, [&](int64_t at, auto part) MSST_BODY {
            const Vector v = load_at<In>(x.data, at, part);
            if (!has_angles) {
                store_at<Factors>(v, y, at, part);
                return;
            }
            const Vector c = load_at<Float32>(bytes(cosine), at, part);
            const Vector s = load_at<Float32>(bytes(sine), at, part);
            if (is_polar) {
                const Vector small = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(v))));
                const Vector soft = hn::Add(hn::Max(v, hn::Zero(d)), small);  // softplus
                store_at<Factors>(hn::Mul(soft, c), y, at, part);
                store_at<Factors>(hn::Mul(soft, s), y + dim * Factors::kBytes, at, part);
                return;
            }
            // even elements: v c - partner s; odd ones: v c + partner s
            const Vector partner = hn::Mul(hn::Reverse2(d, v), s);
            store_at<Factors>(hn::OddEven(hn::MulAdd(v, c, partner), hn::MulSub(v, c, partner)), y, at, part);
        });
    });
}

// kTransposed rows of 32-bit columns to as many columns of rows.
#if HWY_TARGET == HWY_SCALAR
inline void transpose(const std::byte* x, int64_t, std::byte* y, int64_t) {
    std::memcpy(y, x, kStepBytes);
}
#else
HWY_INLINE void transpose(const std::byte* x, int64_t x_stride, std::byte* y, int64_t y_stride) {
    const hn::CappedTag<uint32_t, kTransposed> d;
    const hn::RepartitionToWide<decltype(d)> pairs;
    const auto row = [&](int64_t r) MSST_BODY {
        return hn::LoadU(d, reinterpret_cast<const uint32_t*>(x + r * x_stride));
    };
    const auto put = [&](int64_t c, auto column) MSST_BODY {
        hn::StoreU(hn::BitCast(d, column), d, reinterpret_cast<uint32_t*>(y + c * y_stride));
    };
    const auto low02 = hn::BitCast(pairs, hn::InterleaveLower(d, row(0), row(1)));
    const auto low13 = hn::BitCast(pairs, hn::InterleaveLower(d, row(2), row(3)));
    const auto high02 = hn::BitCast(pairs, hn::InterleaveUpper(d, row(0), row(1)));
    const auto high13 = hn::BitCast(pairs, hn::InterleaveUpper(d, row(2), row(3)));
    put(0, hn::InterleaveLower(pairs, low02, low13));
    put(1, hn::InterleaveUpper(pairs, low02, low13));
    put(2, hn::InterleaveLower(pairs, high02, high13));
    put(3, hn::InterleaveUpper(pairs, high02, high13));
}
#endif

template <class Factors>
HWY_INLINE void pack_keys(const AttentionHead& head, const HeadSizes& sizes, std::byte* memory) {
    const int64_t lanes = hn::Lanes(Floats());
    std::byte* rows = memory + sizes.row_at;
    for_panels(sizes.columns, [&](int64_t first, int64_t vectors) MSST_BODY {
        std::byte* panel = memory + sizes.k_at + first * sizes.steps * kStepBytes;
        const int64_t panel_stride = vectors * lanes * kStepBytes;
        for (int64_t key = 0; key < vectors * lanes; key += kTransposed) {
            for (int64_t r = 0; r < kTransposed; ++r) {
                const int64_t i = first + key + r;
                std::byte* row = rows + r * sizes.row_bytes;
                if (i < head.keys) {
                    prefetch_row(head, head.k, i, head.keys);
                    embed<Factors>(head, head.k.at(i), head.k_angles, i, row, sizes.row_bytes);
                } else {
                    std::memset(row, 0, sizes.row_bytes);
                }
            }
            for (int64_t step = 0; step < sizes.steps; step += kTransposed)
                transpose(rows + step * kStepBytes, sizes.row_bytes,
                          panel + step * panel_stride + key * kStepBytes, panel_stride);
        }
    });
}

// The bits that a step holds of one column: of one row, or of two.
template <class Factors>
HWY_INLINE Vector one_step(const Vector& first, const Vector& second) {
    if constexpr (Factors::kPerStep == 1) return first;
    const Words words;
    const auto rounded = [&](Vector v) MSST_BODY {  // to nearest, ties away from zero
        return hn::Add(hn::BitCast(words, v), hn::Set(words, 0x8000));
    };
    const auto high = hn::And(rounded(second), hn::Set(words, 0xffff0000));
    return hn::BitCast(Floats(), hn::Or(high, hn::ShiftRight<16>(rounded(first))));
}

// Row by row, so that each is fetched once; its panels, far apart, are written a vector each.
template <class Factors>
HWY_INLINE void pack_values(const AttentionHead& head, const HeadSizes& sizes, std::byte* memory) {
    constexpr int64_t kPerStep = Factors::kPerStep;
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t dim = head.op->head_dim;
    const int64_t steps = (head.keys + kPerStep - 1) / kPerStep;
    with_type(head.v.first.storage, [&]<class In>(In) MSST_BODY {
        for (int64_t step = 0; step < steps; ++step) {
            const int64_t i = step * kPerStep;
            const int64_t last = std::min(i + kPerStep - 1, head.keys - 1);
            for (int64_t row = i; row <= last; ++row) prefetch_row(head, head.v, row, head.keys);
            const std::byte* first_row = head.v.at(i).data;
            const std::byte* last_row = head.v.at(last).data;
            const bool is_alone = last < i + kPerStep - 1;  // beside it are zeros
            for_panels(padded(dim), [&](int64_t first, int64_t vectors) MSST_BODY {
                std::byte* to = memory + sizes.v_at + (first * steps + step * vectors * lanes) * kStepBytes;
                for (int64_t at = first; at < std::min(first + vectors * lanes, dim); at += lanes) {
                    const auto load_row = [&](const std::byte* row) MSST_BODY {
                        return at + lanes <= dim ? load_at<In>(row, at, Whole())
                                                 : load_at<In>(row, at, Part{dim - at});
                    };
                    const Vector second = is_alone ? hn::Zero(d) : load_row(last_row);
                    Float32::store(one_step<Factors>(load_row(first_row), second),
                                   to + (at - first) * kStepBytes);
                }
            });
        }
    });
}

// All rows of x times all panels of w; y is [rows, columns], y_stride bytes from row to row.
template <class Factors>
HWY_INLINE void multiply(const std::byte* x, int64_t x_stride, int64_t rows, const std::byte* w,
                         int64_t steps, int64_t columns, std::byte* y, int64_t y_stride) {
    const int64_t lanes = hn::Lanes(Floats());
    for_panels(columns, [&](int64_t first, int64_t vectors) MSST_BODY {
        with_vectors(vectors, [&](auto kVectors) MSST_BODY {
            for (int64_t row = 0; row < rows; row += kTileRows) {
                std::byte* out = y + row * y_stride + first * 4;
                product_tile<Factors, kVectors>(
                    PlainRows{x + row * x_stride, x_stride}, w + first * steps * kStepBytes, steps,
                    [&](int64_t r, int64_t v, Vector sums)
                        MSST_BODY { Float32::store(sums, out + r * y_stride + v * lanes * 4); });
            }
        });
    });
}

// 2^x for x <= 0; what is below 2^-125 becomes that. The polynomials are the best ones on [-1/2, 1/2], off by
// 8e-8 and, for factors that are rounded to 8 bits anyhow, 8e-5.
template <class Factors>
HWY_INLINE Vector exp2(Vector x) {
    const Floats d;
    const Words words;
    const Vector shift = hn::Set(d, 0x1.8p23f);  // adding it rounds to a whole number, in the lowest bits
    const Vector bounded = hn::Max(x, hn::Set(d, -125.0f));
    const Vector shifted = hn::Add(bounded, shift);
    const Vector f = hn::Sub(bounded, hn::Sub(shifted, shift));
    Vector y;
    if constexpr (Factors::kPerStep == 2) {
        y = hn::MulAdd(hn::Set(d, 0.05517167f), f, hn::Set(d, 0.24261112f));
        y = hn::MulAdd(y, f, hn::Set(d, 0.69326099f));
        y = hn::MulAdd(y, f, hn::Set(d, 0.99992807f));
    } else {
        y = hn::MulAdd(hn::Set(d, 0.0013276472f), f, hn::Set(d, 0.0096755413f));
        y = hn::MulAdd(y, f, hn::Set(d, 0.055507133f));
        y = hn::MulAdd(y, f, hn::Set(d, 0.2402212f));
        y = hn::MulAdd(y, f, hn::Set(d, 0.69314697f));
        y = hn::MulAdd(y, f, hn::Set(d, 1.0f));
    }
    const auto exponent = hn::ShiftLeft<23>(hn::BitCast(words, shifted));
    return hn::BitCast(d, hn::Add(hn::BitCast(words, y), exponent));
}

// exp(scale * (x - max(x))), in place and stored as factors; returns the sum. x is padded, zeros are written
// there.
template <class Factors>
HWY_INLINE float softmax_row(float* x, int64_t count, float scale) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t whole = count / lanes * lanes;
    const auto in_row = hn::FirstN(d, count - whole);
    const Vector lowest = hn::Set(d, -1e30f);
    Vector largest = lowest;
    Vector also_largest = lowest;
    int64_t i = 0;
    for (; i + 2 * lanes <= whole; i += 2 * lanes) {
        largest = hn::Max(largest, hn::LoadU(d, x + i));
        also_largest = hn::Max(also_largest, hn::LoadU(d, x + i + lanes));
    }
    if (i < whole) largest = hn::Max(largest, hn::LoadU(d, x + i));
    if (whole < count) largest = hn::Max(largest, hn::IfThenElse(in_row, hn::LoadU(d, x + whole), lowest));
    largest = hn::MaxOfLanes(d, hn::Max(largest, also_largest));
    const Vector factor = hn::Set(d, scale * 1.44269504f);  // log2(e)
    const Vector offset = hn::Mul(largest, factor);
    const auto power = [&](int64_t at) MSST_BODY {
        return exp2<Factors>(hn::MulSub(hn::LoadU(d, x + at), factor, offset));
    };
    std::byte* y = reinterpret_cast<std::byte*>(x);  // never ahead of what is read
    Vector sums = hn::Zero(d);
    for (i = 0; i < whole; i += lanes) {
        const Vector e = power(i);
        sums = hn::Add(sums, e);
        Factors::store(e, y + i * Factors::kBytes);
    }
    if (whole < count) {
        const Vector e = hn::IfThenElseZero(in_row, power(whole));
        sums = hn::Add(sums, e);
        Factors::store(e, y + whole * Factors::kBytes);
        i += lanes;
    }
    for (; i < padded(count); i += lanes) Factors::store(hn::Zero(d), y + i * Factors::kBytes);
    return hn::GetLane(hn::SumOfLanes(d, sums));
}

void hide(const graph::Attention& op, int64_t i, int64_t length, float* scores) {
    for (int64_t j = 0; j < length; ++j)
        if (!op.sees(i, j)) scores[j] = -INFINITY;
}

// What the rows of a block are multiplied by: 1 / sum, and the sigmoid of the gate. In place.
HWY_INLINE void finish_factors(const AttentionHead& head, int64_t first, int64_t count, float* sums) {
    const Floats d;
    const Vector one = hn::Set(d, 1.0f);
    alignas(64) float gates[kLanes];
    for (int64_t i = 0; i < count; i += hn::Lanes(d)) {
        Vector divisor = hn::LoadU(d, sums + i);
        if (head.gates.first.data) {
            for (int64_t r = 0; r < static_cast<int64_t>(hn::Lanes(d)); ++r)
                gates[r] = load(head.gates.at(first + std::min(i + r, count - 1)), 0);
            divisor = hn::Mul(divisor, hn::Add(one, hn::Exp(d, hn::Neg(hn::Load(d, gates)))));
        }
        hn::StoreU(hn::Div(one, divisor), d, sums + i);
    }
}

// Rows of results are kilobytes apart; they are written once the values have been multiplied.
HWY_INLINE void prefetch_results(const AttentionHead& head, int64_t first, int64_t count) {
    const int64_t row_bytes = head.op->head_dim * size_of(head.y.first.storage);
    for (int64_t i = first; i < first + count; ++i)
        for (int64_t at = 0; at < row_bytes; at += kLine) hwy::Prefetch(head.y.at(i).data + at);
}

HWY_INLINE void write_block(const AttentionHead& head, const HeadSizes& sizes, const std::byte* memory,
                            int64_t first, int64_t count) {
    const float* factors = reinterpret_cast<const float*>(memory + sizes.sums_at);
    with_type(head.y.first.storage, [&]<class Out>(Out) MSST_BODY {
        for (int64_t i = 0; i < count; ++i) {
            const Vector factor = hn::Set(Floats(), factors[i]);
            const std::byte* x = memory + sizes.y_at + i * sizes.y_stride;
            std::byte* y = head.y.at(first + i).data;
            for_row(head.op->head_dim, [&](int64_t at, auto part) MSST_BODY {
                store_at<Out>(hn::Mul(load_at<Float32>(x, at, part), factor), y, at, part);
            });
        }
    });
}

template <class Factors>
HWY_INLINE void run_head(const AttentionHead& head, const HeadSizes& sizes, std::byte* memory) {
    const graph::Attention& op = *head.op;
    const float scale = 1.0f / std::sqrt(static_cast<float>(op.head_dim));
    const int64_t value_steps = (head.keys + Factors::kPerStep - 1) / Factors::kPerStep;
    const int64_t score_stride = sizes.columns * 4;
    float* sums = reinterpret_cast<float*>(memory + sizes.sums_at);
    pack_keys<Factors>(head, sizes, memory);
    pack_values<Factors>(head, sizes, memory);
    for (int64_t first = 0; first < head.queries; first += sizes.block) {
        const int64_t count = std::min(sizes.block, head.queries - first);
        for (int64_t i = 0; i < count; ++i) {
            prefetch_row(head, head.q, first + i, head.queries);
            embed<Factors>(head, head.q.at(first + i), head.q_angles, first + i,
                           memory + sizes.q_at + i * sizes.row_bytes, sizes.row_bytes);
        }
        multiply<Factors>(memory + sizes.q_at, sizes.row_bytes, count, memory + sizes.k_at, sizes.steps,
                          sizes.columns, memory + sizes.scores_at, score_stride);
        for (int64_t i = 0; i < count; ++i) {
            float* scores = reinterpret_cast<float*>(memory + sizes.scores_at + i * score_stride);
            if (op.window > 0) hide(op, first + i, head.keys, scores);
            sums[i] = softmax_row<Factors>(scores, head.keys, scale);
        }
        prefetch_results(head, first, count);
        multiply<Factors>(memory + sizes.scores_at, score_stride, count, memory + sizes.v_at, value_steps,
                          padded(op.head_dim), memory + sizes.y_at, sizes.y_stride);
        finish_factors(head, first, count, sums);
        write_block(head, sizes, memory, first, count);
    }
}

void RunAttentionHead(const AttentionHead& head, const HeadSizes& sizes, std::byte* memory) {
#if MSST_HAS_BFLOAT16_FACTORS
    if (sizes.factors == Storage::bfloat16) {
        run_head<BFloat16Factors>(head, sizes, memory);
        return;
    }
#endif
    run_head<FloatFactors>(head, sizes, memory);
}

bool HasBFloat16Factors() {
    return MSST_HAS_BFLOAT16_FACTORS != 0;
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {
namespace {

HWY_EXPORT(HasBFloat16Factors);

constexpr int64_t kBlockBytes = 256 << 10;  // of scores
constexpr int64_t kMostQueries = 96;        // in a block
constexpr int64_t kRowsOfTile = 6;
constexpr int64_t kStepsAtOnce = 4;  // kTransposed

}  // namespace

HeadSizes::HeadSizes(const graph::Attention& op, int64_t queries, int64_t keys, Storage wanted)
    : factors(HWY_DYNAMIC_DISPATCH(HasBFloat16Factors)() ? wanted : Storage::float32), columns(padded(keys)) {
    const int64_t width = op.position == graph::Attention::Position::polar ? 2 * op.head_dim : op.head_dim;
    steps = up_to_multiple(up_to_multiple(width * size_of(factors), 4) / 4, kStepsAtOnce);
    row_bytes = steps * 4;
    y_stride = padded(op.head_dim) * 4;
    block = std::clamp(kBlockBytes / (columns * 4), kRowsOfTile, kMostQueries) / kRowsOfTile * kRowsOfTile;
    block = std::min(block, up_to_multiple(queries, kRowsOfTile));
    int64_t at = 0;
    const auto take = [&at](int64_t bytes) {
        const int64_t start = at;
        at += up_to_multiple(bytes, 64);
        return start;
    };
    q_at = take(block * row_bytes);
    row_at = take(kStepsAtOnce * row_bytes);
    k_at = take(columns * row_bytes);
    v_at = take((keys + 1) * size_of(factors) * padded(op.head_dim));
    sums_at = take(up_to_multiple(block, kLanes) * 4);
    scores_at = take(block * columns * 4);
    y_at = at;
}

HWY_EXPORT(RunAttentionHead);

void run_attention_head(const AttentionHead& head, const HeadSizes& sizes, std::byte* memory) {
    HWY_DYNAMIC_DISPATCH(RunAttentionHead)(head, sizes, memory);
}

}  // namespace msst::backend::cpu

#endif
