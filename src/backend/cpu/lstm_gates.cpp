// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/lstm_gates.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/lstm_gates.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

// A quotient of polynomials that is right to a few units of the last place; beyond 7.9 tanh is 1 in float32.
HWY_INLINE Vector Tanh(Vector x) {
    const Floats d;
    constexpr float kLargest = 7.90531110763549805f;
    x = hn::Min(hn::Max(x, hn::Set(d, -kLargest)), hn::Set(d, kLargest));
    const Vector s = hn::Mul(x, x);
    Vector p = hn::Set(d, -2.76076847742355e-16f);
    p = hn::MulAdd(p, s, hn::Set(d, 2.00018790482477e-13f));
    p = hn::MulAdd(p, s, hn::Set(d, -8.60467152213735e-11f));
    p = hn::MulAdd(p, s, hn::Set(d, 5.12229709037114e-08f));
    p = hn::MulAdd(p, s, hn::Set(d, 1.48572235717979e-05f));
    p = hn::MulAdd(p, s, hn::Set(d, 6.37261928875436e-04f));
    p = hn::MulAdd(p, s, hn::Set(d, 4.89352455891786e-03f));
    Vector q = hn::Set(d, 1.19825839466702e-06f);
    q = hn::MulAdd(q, s, hn::Set(d, 1.18534705686654e-04f));
    q = hn::MulAdd(q, s, hn::Set(d, 2.26843463243900e-03f));
    q = hn::MulAdd(q, s, hn::Set(d, 4.89352518554385e-03f));
    return hn::Div(hn::Mul(x, p), q);
}

HWY_INLINE Vector Sigmoid(Vector x) {
    const Vector half = hn::Set(Floats(), 0.5f);
    return hn::MulAdd(half, Tanh(hn::Mul(half, x)), half);
}

void LstmGatesRow(const float* gates, int64_t hidden, float* c, Buffer h, Buffer y) {
    const Floats d;
    with_type(h.storage, [&]<class H>(H) MSST_BODY {
        with_type(y.storage, [&]<class Y>(Y) MSST_BODY {
            for_row(hidden, [&](int64_t at, auto part) MSST_BODY {
                const Vector i = Sigmoid(hn::LoadU(d, gates + at));
                const Vector f = Sigmoid(hn::LoadU(d, gates + hidden + at));
                const Vector g = Tanh(hn::LoadU(d, gates + 2 * hidden + at));
                const Vector o = Sigmoid(hn::LoadU(d, gates + 3 * hidden + at));
                const Vector state = hn::MulAdd(f, hn::LoadU(d, c + at), hn::Mul(i, g));
                const Vector result = hn::Mul(o, Tanh(state));
                hn::StoreU(state, d, c + at);
                H::store(result, h.data + at * H::kBytes);
                store_at<Y>(result, y.data, at, part);
            });
        });
    });
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(LstmGatesRow);

void lstm_gates_row(const float* gates, int64_t hidden, float* c, Buffer h, Buffer y) {
    HWY_DYNAMIC_DISPATCH(LstmGatesRow)(gates, hidden, c, h, y);
}

}  // namespace msst::backend::cpu

#endif
