// Compiled once per instruction set: Highway includes this file again for each.
//
// A panel of weights has the four gates of one vector of hidden units, for the input and the state of the
// step before: after the product the sums of a tile are all that the gates need, and nothing of them is ever
// written out. A panel is used for all sequences before the next one is looked at.
#include "backend/cpu/lstm_step.h"

#include <algorithm>

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/lstm_step.cpp"
#include <hwy/foreach_target.h>
#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "backend/cpu/product_tile-inl.h"
#include "backend/cpu/vector_functions-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

constexpr int64_t kGates = 4;                             // i, f, g, o
constexpr int64_t kTilesOfPanel = kGates / kTileVectors;  // each has kTileVectors gates

// 1 + e^-x: what the sigmoid of x is the inverse of. Below -30 it grows no more, so that products of some of
// these are finite.
HWY_INLINE Vector SigmoidDivisor(Vector x) {
    constexpr float kPowers[] = {1.0f,         0.69314697f,   0.2402212f,
                                 0.055507133f, 0.0096755413f, 0.0013276472f};  // of 2 on [-1/2, 1/2]
    const Floats d;
    const Words words;
    const Vector largest = hn::Set(d, 43.0f);
    const Vector shift = hn::Set(d, 0x1.8p23f);  // adding it rounds to a whole number, in the lowest bits
    const Vector power = hn::Mul(x, hn::Set(d, -1.44269504f));
    const Vector bounded = hn::Min(hn::Max(power, hn::Neg(largest)), largest);
    const Vector shifted = hn::Add(bounded, shift);
    const Vector y = Polynomial(hn::Sub(bounded, hn::Sub(shifted, shift)), kPowers);
    const auto exponent = hn::ShiftLeft<23>(hn::BitCast(words, shifted));
    return hn::Add(hn::BitCast(d, hn::Add(hn::BitCast(words, y), exponent)), hn::Set(d, 1.0f));
}

// From the sums of the gates to the new state; divisions are the dearest part, so they are brought together.
//
//   c = sigmoid(f) c + sigmoid(i) tanh(g)
//   h = sigmoid(o) tanh(c)
HWY_INLINE Vector FinishGates(const float* sums, const float* bias, float* c) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const auto gate = [&](int64_t which) MSST_BODY {
        return hn::Add(hn::LoadU(d, sums + which * lanes), hn::LoadU(d, bias + which * lanes));
    };
    const Vector i = SigmoidDivisor(gate(0));
    const Vector f = SigmoidDivisor(gate(1));
    const Fraction g = TanhFraction(gate(2));
    const Vector o = SigmoidDivisor(gate(3));
    const Vector both = hn::Mul(i, g.below);
    const Vector above = hn::MulAdd(hn::LoadU(d, c), both, hn::Mul(g.above, f));
    const Vector state = hn::Div(above, hn::Mul(both, f));
    hn::StoreU(state, d, c);
    const Fraction h = TanhFraction(state);
    return hn::Div(h.above, hn::Mul(o, h.below));
}

template <class Factors>
HWY_INLINE void run_step(const LstmWeights& w, const LstmStep& step) {
    const int64_t lanes = hn::Lanes(Floats());
    const int64_t tile_bytes = w.steps() * kTileVectors * lanes * 4;
    const int64_t row_bytes = w.row_bytes();
    alignas(64) float sums[kTileRows * kGates * kLanes];
    with_type(step.y.storage, [&]<class Out>(Out) MSST_BODY {
        for_row(w.hidden(), [&](int64_t unit, auto part) MSST_BODY {
            const std::byte* panel = w.panels() + unit / lanes * kTilesOfPanel * tile_bytes;
            const float* bias = w.bias() + unit * kGates;
            float* c = step.c + unit * step.count;
            for (int64_t row = 0; row < step.count; row += kTileRows) {
                with_rows(step.count - row, [&](auto kRows) MSST_BODY {
                    for (int64_t tile = 0; tile < kTilesOfPanel; ++tile)
                        product_tile<Factors, kTileVectors, kRows>(
                            PlainRows{step.rows + row * row_bytes, row_bytes}, panel + tile * tile_bytes,
                            w.steps(), [&](int64_t r, int64_t v, Vector sum) MSST_BODY {
                                hn::StoreU(sum, Floats(),
                                           sums + (r * kGates + tile * kTileVectors + v) * lanes);
                            });
                });
                for (int64_t r = row; r < std::min<int64_t>(row + kTileRows, step.count); ++r) {
                    const Vector h = FinishGates(sums + (r - row) * kGates * lanes, bias, c + r * lanes);
                    Factors::store(h, step.next_rows + r * row_bytes + w.h_offset() + unit * Factors::kBytes);
                    store_at<Out>(h, step.y.data + r * step.y_stride * Out::kBytes, unit, part);
                }
            }
        });
    });
}

void RunLstmStep(const LstmWeights& weights, const LstmStep& step) {
#if MSST_HAS_BFLOAT16_FACTORS
    if (weights.factors() == Storage::bfloat16) return run_step<BFloat16Factors>(weights, step);
#endif
    run_step<FloatFactors>(weights, step);
}

template <class Factors>
HWY_INLINE void fill_row(int64_t in, Buffer x, std::byte* row) {
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        for_row(in, [&](int64_t at, auto part)
                        MSST_BODY { store_at<Factors>(load_at<In>(x.data, at, part), row, at, part); });
    });
}

void LstmFillRow(const LstmWeights& weights, Buffer x, std::byte* row) {
    if (weights.factors() == Storage::bfloat16)
        fill_row<BFloat16>(weights.in(), x, row);
    else
        fill_row<Float32>(weights.in(), x, row);
}

int64_t VectorLanes() {
    return hn::Lanes(Floats());
}

int64_t VectorsOfTile() {
    return kTileVectors;
}

bool HasBFloat16Products() {
    return MSST_HAS_BFLOAT16_FACTORS != 0;
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {
namespace {

HWY_EXPORT(VectorLanes);
HWY_EXPORT(VectorsOfTile);
HWY_EXPORT(HasBFloat16Products);

constexpr int64_t kGateCount = 4;
constexpr int64_t kStepBytes = 4;

int64_t steps_of(int64_t count, Storage storage) {
    return (count * size_of(storage) + kStepBytes - 1) / kStepBytes;
}

}  // namespace

int64_t lstm_row_bytes(int64_t in, int64_t hidden, Storage factors) {
    constexpr int64_t kLine = 64;
    const int64_t bytes = steps_of(in, factors) * kStepBytes + padded(hidden) * size_of(factors);
    return ((bytes + kLine - 1) / kLine | 1) * kLine;  // odd: rows of a tile are no powers of two apart
}

LstmWeights::LstmWeights(int64_t in, int64_t hidden, Storage wanted, const float* input, const float* state,
                         const float* bias)
    : in_(in),
      hidden_(hidden),
      factors_(HWY_DYNAMIC_DISPATCH(HasBFloat16Products)() ? wanted : Storage::float32),
      x_steps_(steps_of(in, factors_)),
      steps_(x_steps_ + steps_of(hidden, factors_)),
      panels_(steps_ * kGateCount * padded(hidden) * kStepBytes),
      bias_(kGateCount * padded(hidden)) {
    const int64_t lanes = HWY_DYNAMIC_DISPATCH(VectorLanes)();
    const int64_t vectors = HWY_DYNAMIC_DISPATCH(VectorsOfTile)();
    const int64_t step_stride = vectors * lanes * kStepBytes;
    for (int64_t gate = 0; gate < kGateCount; ++gate) {
        for (int64_t unit = 0; unit < hidden; ++unit) {
            const int64_t tile = unit / lanes * (kGateCount / vectors) + gate / vectors;
            std::byte* column = panels_.data() + tile * steps_ * step_stride +
                                (gate % vectors * lanes + unit % lanes) * kStepBytes;
            const int64_t row = gate * hidden + unit;
            pack_column({input + row * in, static_cast<size_t>(in)}, factors_, column, step_stride);
            pack_column({state + row * hidden, static_cast<size_t>(hidden)}, factors_,
                        column + x_steps_ * step_stride, step_stride);
            if (bias)
                bias_[(unit / lanes * kGateCount + gate) * lanes + unit % lanes] =
                    bias[row] + bias[kGateCount * hidden + row];
        }
    }
}

int64_t LstmWeights::row_bytes() const {
    return lstm_row_bytes(in_, hidden_, factors_);
}

HWY_EXPORT(LstmFillRow);
HWY_EXPORT(RunLstmStep);

void lstm_fill_row(const LstmWeights& weights, Buffer x, std::byte* row) {
    HWY_DYNAMIC_DISPATCH(LstmFillRow)(weights, x, row);
}

void run_lstm_step(const LstmWeights& weights, const LstmStep& step) {
    HWY_DYNAMIC_DISPATCH(RunLstmStep)(weights, step);
}

}  // namespace msst::backend::cpu

#endif
