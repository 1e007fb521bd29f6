// Compiled once per instruction set: Highway includes this file again for each.
//
// Stockham's order: every stage reads one array and writes another, and the result needs no reordering.
#include "backend/cpu/column_fourier.h"

#include <algorithm>
#include <cmath>

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/column_fourier.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

using Stage = ColumnFourier::Stage;
constexpr int64_t kPoint = ColumnFourier::kPoint;

struct Complex {
    Vector re;
    Vector im;
};

HWY_INLINE Complex Load(const float* point) {
    return {hn::LoadU(Floats(), point), hn::LoadU(Floats(), point + kLanes)};
}

HWY_INLINE void Store(Complex z, float* point) {
    hn::StoreU(z.re, Floats(), point);
    hn::StoreU(z.im, Floats(), point + kLanes);
}

HWY_INLINE Complex Add(Complex a, Complex b) {
    return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}

HWY_INLINE Complex Sub(Complex a, Complex b) {
    return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}

// z times cos - i sin.
HWY_INLINE Complex Turn(Complex z, const float* cos_sin) {
    const Vector c = hn::Set(Floats(), cos_sin[0]);
    const Vector s = hn::Set(Floats(), cos_sin[1]);
    return {hn::MulAdd(z.re, c, hn::Mul(z.im, s)), hn::NegMulAdd(z.re, s, hn::Mul(z.im, c))};
}

// The functions below make the points y[0], y[step], … y[(radix - 1) step] from x[0], x[apart], … All in
// floats.

HWY_INLINE void Two(const float* x, int64_t apart, const float* twiddles, float* y, int64_t step) {
    const Complex a = Load(x);
    const Complex b = Load(x + apart);
    Store(Add(a, b), y);
    Store(Turn(Sub(a, b), twiddles + 2), y + step);
}

HWY_INLINE void Four(const float* x, int64_t apart, const float* twiddles, float* y, int64_t step) {
    const Complex a = Load(x);
    const Complex b = Load(x + apart);
    const Complex c = Load(x + 2 * apart);
    const Complex d = Load(x + 3 * apart);
    const Complex even = Add(a, c);
    const Complex odd = Add(b, d);
    const Complex half = Sub(a, c);
    const Complex quarter = Sub(b, d);  // to be turned by -i
    Store(Add(even, odd), y);
    Store(Turn({hn::Add(half.re, quarter.im), hn::Sub(half.im, quarter.re)}, twiddles + 2), y + step);
    Store(Turn(Sub(even, odd), twiddles + 4), y + 2 * step);
    Store(Turn({hn::Sub(half.re, quarter.im), hn::Add(half.im, quarter.re)}, twiddles + 6), y + 3 * step);
}

// Points r and radix - r are turned by opposite angles, so that their sum meets cosines and their difference
// sines only; results k and radix - k share both. spare: [radix / 2, 2] points.
HWY_INLINE void Odd(const Stage& stage, const float* x, int64_t apart, const float* twiddles, float* y,
                    int64_t step, float* spare) {
    const int64_t half = stage.radix / 2;
    const Complex first = Load(x);
    Complex sum = first;
    for (int64_t r = 1; r <= half; ++r) {
        const Complex a = Load(x + r * apart);
        const Complex b = Load(x + (stage.radix - r) * apart);
        float* pair = spare + (r - 1) * 2 * kPoint;
        Store(Add(a, b), pair);
        Store(Sub(a, b), pair + kPoint);
        sum = Add(sum, Add(a, b));
    }
    Store(sum, y);
    for (int64_t k = 1; k <= half; ++k) {
        Complex cosines = first;
        Complex sines = {hn::Zero(Floats()), hn::Zero(Floats())};
        int64_t angle = 0;
        for (int64_t r = 1; r <= half; ++r) {
            angle += k;
            if (angle >= stage.radix) angle -= stage.radix;
            const Vector c = hn::Set(Floats(), stage.roots[2 * angle]);
            const Vector s = hn::Set(Floats(), stage.roots[2 * angle + 1]);
            const Complex plus = Load(spare + (r - 1) * 2 * kPoint);
            const Complex minus = Load(spare + (r - 1) * 2 * kPoint + kPoint);
            cosines = {hn::MulAdd(plus.re, c, cosines.re), hn::MulAdd(plus.im, c, cosines.im)};
            sines = {hn::MulAdd(minus.im, s, sines.re), hn::NegMulAdd(minus.re, s, sines.im)};
        }
        Store(Turn(Add(cosines, sines), twiddles + 2 * k), y + k * step);
        Store(Turn(Sub(cosines, sines), twiddles + 2 * (stage.radix - k)), y + (stage.radix - k) * step);
    }
}

void RunStage(const Stage& stage, const float* x, float* y, float* spare) {
    const int64_t lanes = hn::Lanes(Floats());
    const int64_t apart = stage.blocks * stage.stride * kPoint;
    const int64_t step = stage.stride * kPoint;
    for (int64_t j = 0; j < stage.blocks; ++j)
        for (int64_t q = 0; q < stage.stride; ++q)
            for (int64_t lane = 0; lane < kLanes; lane += lanes) {
                const float* from = x + (q + stage.stride * j) * kPoint + lane;
                float* to = y + (q + stage.stride * stage.radix * j) * kPoint + lane;
                const float* twiddles = stage.twiddles.data() + 2 * stage.radix * j;
                if (stage.radix == 2)
                    Two(from, apart, twiddles, to, step);
                else if (stage.radix == 4)
                    Four(from, apart, twiddles, to, step);
                else
                    Odd(stage, from, apart, twiddles, to, step, spare);
            }
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {
namespace {

HWY_EXPORT(RunStage);

std::vector<int64_t> radices(int64_t size) {
    std::vector<int64_t> found;
    for (; size % 4 == 0; size /= 4) found.push_back(4);
    for (int64_t p = 2; p * p <= size; ++p)
        for (; size % p == 0; size /= p) found.push_back(p);
    if (size > 1) found.push_back(size);
    return found;
}

void push_turn(std::vector<float>& table, int64_t numerator, int64_t denominator) {
    const double angle = 2.0 * M_PI * static_cast<double>(numerator) / static_cast<double>(denominator);
    table.push_back(static_cast<float>(std::cos(angle)));
    table.push_back(static_cast<float>(std::sin(angle)));
}

}  // namespace

ColumnFourier::ColumnFourier(int64_t size) : size_(size) {
    int64_t rest = size;
    int64_t stride = 1;
    for (const int64_t radix : radices(size)) {
        Stage stage{radix, rest / radix, stride, {}, {}};
        for (int64_t r = 0; r < radix; ++r) push_turn(stage.roots, r, radix);
        for (int64_t j = 0; j < stage.blocks; ++j)
            for (int64_t k = 0; k < radix; ++k) push_turn(stage.twiddles, j * k, rest);
        rest /= radix;
        stride *= radix;
        largest_radix_ = std::max(largest_radix_, radix);
        stages_.push_back(std::move(stage));
    }
}

const float* ColumnFourier::run(float* data, float* scratch) const {
    float* from = data;
    float* to = scratch;
    for (const Stage& stage : stages_) {
        HWY_DYNAMIC_DISPATCH(RunStage)(stage, from, to, scratch + size_ * kPoint);
        std::swap(from, to);
    }
    return from;
}

}  // namespace msst::backend::cpu

#endif
