// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/channel_spreads.h"

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/channel_spreads.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

void ChannelSpreads(Buffer x, int64_t rows, int64_t channels, float* means, float* squares) {
    const Floats d;
    const Vector share = hn::Set(d, 1.0f / static_cast<float>(rows));
    with_type(x.storage, [&]<class Type>(Type) MSST_BODY {
        const int64_t step = channels * Type::kBytes;
        for_row(channels, [&](int64_t i, auto part) MSST_BODY {
            Vector sum = hn::Zero(d);
            for (int64_t row = 0; row < rows; ++row)
                sum = hn::Add(sum, load_at<Type>(x.data + row * step, i, part));
            const Vector mean = hn::Mul(sum, share);
            Vector square = hn::Zero(d);
            for (int64_t row = 0; row < rows; ++row) {
                const Vector distance = hn::Sub(load_at<Type>(x.data + row * step, i, part), mean);
                square = hn::MulAdd(distance, distance, square);
            }
            store_at<Float32>(mean, reinterpret_cast<std::byte*>(means), i, part);
            store_at<Float32>(square, reinterpret_cast<std::byte*>(squares), i, part);
        });
    });
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(ChannelSpreads);

void channel_spreads(Buffer x, int64_t rows, int64_t channels, float* means, float* squares) {
    HWY_DYNAMIC_DISPATCH(ChannelSpreads)(x, rows, channels, means, squares);
}

}  // namespace msst::backend::cpu

#endif
