// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/channel_rows.h"

#include <cstring>

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/channel_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/vector_functions-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

// Numbers past the end of a row count as `missing`.
template <class Type>
HWY_INLINE Vector load_or(const std::byte* row, int64_t i, Whole, Vector) {
    return load_at<Type>(row, i, Whole());
}

template <class Type>
HWY_INLINE Vector load_or(const std::byte* row, int64_t i, Part part, Vector missing) {
    return hn::IfThenElse(hn::FirstN(Floats(), part.count), load_at<Type>(row, i, part), missing);
}

Spread SpreadOf(Buffer x, int64_t count) {
    const Floats d;
    Spread spread;
    with_type(x.storage, [&]<class Type>(Type) MSST_BODY {
        Vector sums = hn::Zero(d);
        for_row(count, [&](int64_t i, auto part)
                           MSST_BODY { sums = hn::Add(sums, load_or<Type>(x.data, i, part, hn::Zero(d))); });
        const float mean = hn::GetLane(hn::SumOfLanes(d, sums)) / static_cast<float>(count);
        const Vector middle = hn::Set(d, mean);
        Vector squares = hn::Zero(d);
        for_row(count, [&](int64_t i, auto part) MSST_BODY {
            const Vector distance = hn::Sub(load_or<Type>(x.data, i, part, middle), middle);
            squares = hn::MulAdd(distance, distance, squares);
        });
        spread = {static_cast<double>(count), mean, hn::GetLane(hn::SumOfLanes(d, squares))};
    });
    return spread;
}

// Rows of few channels: as many at a time as a vector has lanes, so that no vector is left half empty.
// Returns how many rows that were.
constexpr int64_t kFewChannels = 64;
template <class In, class Out, class Function>
HWY_INLINE int64_t affine_few(Buffer x, int64_t rows, int64_t channels, const float* scale,
                              const float* shift, const Function& function, Buffer y) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    float scales[kFewChannels * kLanes];
    float shifts[kFewChannels * kLanes];
    for (int64_t row = 0; row < lanes; ++row) {
        std::memcpy(scales + row * channels, scale, channels * sizeof(float));
        std::memcpy(shifts + row * channels, shift, channels * sizeof(float));
    }
    const int64_t whole = rows / lanes * lanes;
    for (int64_t at = 0; at < whole * channels; at += lanes * channels)
        for (int64_t i = 0; i < lanes * channels; i += lanes)
            store_at<Out>(function(hn::MulAdd(load_at<In>(x.data, at + i, Whole()), hn::LoadU(d, scales + i),
                                              hn::LoadU(d, shifts + i))),
                          y.data, at + i, Whole());
    return whole;
}

void AffineChannels(Buffer x, int64_t rows, int64_t channels, const float* scale, const float* shift,
                    const graph::Activation& activation, Buffer y) {
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            with_activation(activation, [&](auto function) MSST_BODY {
                int64_t row = 0;
                if (channels % hn::Lanes(Floats()) != 0 && channels <= kFewChannels)
                    row = affine_few<In, Out>(x, rows, channels, scale, shift, function, y);
                for (; row < rows; ++row) {
                    const std::byte* from = x.data + row * channels * In::kBytes;
                    std::byte* to = y.data + row * channels * Out::kBytes;
                    for_row(channels, [&](int64_t i, auto part) MSST_BODY {
                        const Vector v =
                            hn::MulAdd(load_at<In>(from, i, part), load_at<Float32>(bytes(scale), i, part),
                                       load_at<Float32>(bytes(shift), i, part));
                        store_at<Out>(function(v), to, i, part);
                    });
                }
            });
        });
    });
}

void ActivateRow(Buffer x, int64_t count, const graph::Activation& activation, Buffer y) {
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            with_activation(activation, [&](auto function) MSST_BODY {
                for_row(count, [&](int64_t i, auto part) MSST_BODY {
                    store_at<Out>(function(load_at<In>(x.data, i, part)), y.data, i, part);
                });
            });
        });
    });
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(SpreadOf);
HWY_EXPORT(AffineChannels);
HWY_EXPORT(ActivateRow);

void Spread::join(const Spread& other) {
    const double both = count + other.count;
    if (both == 0) return;
    const double distance = other.mean - mean;
    mean += distance * other.count / both;
    squares += other.squares + distance * distance * count * other.count / both;
    count = both;
}

Spread spread_of(Buffer x, int64_t count) {
    return HWY_DYNAMIC_DISPATCH(SpreadOf)(x, count);
}

void affine_channels(Buffer x, int64_t rows, int64_t channels, const float* scale, const float* shift,
                     const graph::Activation& activation, Buffer y) {
    HWY_DYNAMIC_DISPATCH(AffineChannels)(x, rows, channels, scale, shift, activation, y);
}

void activate_row(Buffer x, int64_t count, const graph::Activation& activation, Buffer y) {
    HWY_DYNAMIC_DISPATCH(ActivateRow)(x, count, activation, y);
}

}  // namespace msst::backend::cpu

#endif
