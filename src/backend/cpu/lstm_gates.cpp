// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/lstm_gates.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/lstm_gates.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/vector_functions-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

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
