// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/channel_convolution.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/channel_convolution.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

template <class Type>
HWY_INLINE void store_activated(const ChannelConvolution& c, Vector v, Buffer y, int64_t at, auto part) {
    const Floats d;
    if (c.has_silu) v = hn::Div(v, hn::Add(hn::Set(d, 1.0f), hn::Exp(d, hn::Neg(v))));
    store_at<Type>(v, y.data, at, part);
}

// Four rows at a time, so that a weight is loaded once for four products.
void ConvolveChannels(const ChannelConvolution& c, Buffer y, int64_t y_stride) {
    constexpr int64_t kRow = ChannelConvolution::kChannels;
    const Floats d;
    with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
        for_row(c.count, [&](int64_t i, auto part) MSST_BODY {
            const Vector bias = hn::LoadU(d, c.bias + i);
            int64_t row = 0;
            for (; row + 4 <= c.rows; row += 4) {
                Vector s0 = bias;
                Vector s1 = bias;
                Vector s2 = bias;
                Vector s3 = bias;
                const float* x = c.x + row * kRow + i;
                for (int64_t k = 0; k < c.kernel; ++k, x += kRow) {
                    const Vector w = hn::LoadU(d, c.weight + k * kRow + i);
                    s0 = hn::MulAdd(w, hn::LoadU(d, x), s0);
                    s1 = hn::MulAdd(w, hn::LoadU(d, x + kRow), s1);
                    s2 = hn::MulAdd(w, hn::LoadU(d, x + 2 * kRow), s2);
                    s3 = hn::MulAdd(w, hn::LoadU(d, x + 3 * kRow), s3);
                }
                store_activated<Out>(c, s0, y, row * y_stride + i, part);
                store_activated<Out>(c, s1, y, (row + 1) * y_stride + i, part);
                store_activated<Out>(c, s2, y, (row + 2) * y_stride + i, part);
                store_activated<Out>(c, s3, y, (row + 3) * y_stride + i, part);
            }
            for (; row < c.rows; ++row) {
                Vector sum = bias;
                for (int64_t k = 0; k < c.kernel; ++k)
                    sum = hn::MulAdd(hn::LoadU(d, c.weight + k * kRow + i),
                                     hn::LoadU(d, c.x + (row + k) * kRow + i), sum);
                store_activated<Out>(c, sum, y, row * y_stride + i, part);
            }
        });
    });
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(ConvolveChannels);

void convolve_channels(const ChannelConvolution& convolution, Buffer y, int64_t y_stride) {
    HWY_DYNAMIC_DISPATCH(ConvolveChannels)(convolution, y, y_stride);
}

}  // namespace msst::backend::cpu

#endif
