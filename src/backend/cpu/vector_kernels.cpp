// Compiled once per instruction set: Highway includes this file again for each.
#include "backend/cpu/vector_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

// foreach_target.h must come first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/vector_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kLanes>;
using Words = hn::Rebind<uint32_t, Floats>;
using Halves = hn::Rebind<uint16_t, Floats>;
using Vector = hn::Vec<Floats>;

// Everything below is inlined by force: at -O2 the compiler makes calls of loads, stores and loop bodies,
// which pass vectors through memory and cost ten times what they compute.
#define MSST_BODY HWY_ATTR __attribute__((always_inline))

// Loads and stores of one storage.
struct Float32 {
    static constexpr int64_t kBytes = 4;
    static HWY_INLINE Vector load(const std::byte* at) {
        return hn::LoadU(Floats(), reinterpret_cast<const float*>(at));
    }
    static HWY_INLINE void store(Vector v, std::byte* at) {
        hn::StoreU(v, Floats(), reinterpret_cast<float*>(at));
    }
};

struct BFloat16 {
    static constexpr int64_t kBytes = 2;
    static HWY_INLINE Vector load(const std::byte* at) {
        const auto halves = hn::LoadU(Halves(), reinterpret_cast<const uint16_t*>(at));
        return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), halves)));
    }
    // Rounds to nearest, ties to even.
    static HWY_INLINE void store(Vector v, std::byte* at) {
        const Words words;
        const auto bits = hn::BitCast(words, v);
        const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
        const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fff))));
        const auto narrow = hn::DemoteTo(Halves(), hn::BitCast(hn::RebindToSigned<Words>(), rounded));
        hn::StoreU(narrow, Halves(), reinterpret_cast<uint16_t*>(at));
    }
};

// Which part of a vector belongs to the row: all of it, or the first numbers of the last one, which goes
// through memory of our own.
struct Whole {};
struct Part {
    int64_t count;
};

template <class Type>
HWY_INLINE Vector load_at(const std::byte* row, int64_t i, Whole) {
    return Type::load(row + i * Type::kBytes);
}

template <class Type>
HWY_INLINE Vector load_at(const std::byte* row, int64_t i, Part part) {
    std::byte whole[kLanes * Type::kBytes] = {};
    std::memcpy(whole, row + i * Type::kBytes, part.count * Type::kBytes);
    return Type::load(whole);
}

template <class Type>
HWY_INLINE void store_at(Vector v, std::byte* row, int64_t i, Whole) {
    Type::store(v, row + i * Type::kBytes);
}

template <class Type>
HWY_INLINE void store_at(Vector v, std::byte* row, int64_t i, Part part) {
    std::byte whole[kLanes * Type::kBytes];
    Type::store(v, whole);
    std::memcpy(row + i * Type::kBytes, whole, part.count * Type::kBytes);
}

// Calls step(index, Whole or Part) for every vector of a row.
template <class Step>
HWY_INLINE void for_row(int64_t count, const Step& step) {
    const int64_t lanes = hn::Lanes(Floats());
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) step(i, Whole());
    if (i < count) step(i, Part{count - i});
}

HWY_INLINE const std::byte* bytes(const float* x) {
    return reinterpret_cast<const std::byte*>(x);
}

// Calls use(type) with Float32 or BFloat16.
template <class Use>
HWY_INLINE void with_type(Storage storage, const Use& use) {
    if (storage == Storage::float32)
        use(Float32());
    else
        use(BFloat16());
}

void RmsNormRow(const float* x, const float* gamma, int64_t count, float floor, float epsilon, Buffer y) {
    const Floats d;
    Vector sums = hn::Zero(d);
    for_row(count, [&](int64_t i, auto part) MSST_BODY {
        const Vector v = load_at<Float32>(bytes(x), i, part);
        sums = hn::MulAdd(v, v, sums);
    });
    const float square = std::max(hn::GetLane(hn::SumOfLanes(d, sums)), floor * floor);
    const Vector scale = hn::Set(d, 1.0f / std::sqrt(square / static_cast<float>(count) + epsilon));
    with_type(y.storage, [&]<class Type>(Type) MSST_BODY {
        for_row(count, [&](int64_t i, auto part) MSST_BODY {
            const Vector v = load_at<Float32>(bytes(x), i, part);
            const Vector g = load_at<Float32>(bytes(gamma), i, part);
            store_at<Type>(hn::Mul(hn::Mul(v, scale), g), y.data, i, part);
        });
    });
}

float ExpRow(const float* x, int64_t count, Buffer y) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t whole = count / lanes * lanes;
    const auto in_row = hn::FirstN(d, count - whole);
    const Vector lowest = hn::Set(d, -INFINITY);
    Vector largest = lowest;
    for (int64_t i = 0; i < whole; i += lanes) largest = hn::Max(largest, hn::LoadU(d, x + i));
    if (whole < count) largest = hn::Max(largest, hn::IfThenElse(in_row, hn::LoadU(d, x + whole), lowest));
    largest = hn::MaxOfLanes(d, largest);
    Vector sums = hn::Zero(d);
    with_type(y.storage, [&]<class Type>(Type) MSST_BODY {
        for (int64_t i = 0; i < whole; i += lanes) {
            const Vector e = hn::Exp(d, hn::Sub(hn::LoadU(d, x + i), largest));
            sums = hn::Add(sums, e);
            Type::store(e, y.data + i * Type::kBytes);
        }
        for (int64_t i = whole; i < padded(count); i += lanes) {
            const Vector all = hn::Exp(d, hn::Sub(hn::LoadU(d, x + i), largest));
            const Vector e = i < count ? hn::IfThenElseZero(in_row, all) : hn::Zero(d);
            sums = hn::Add(sums, e);
            Type::store(e, y.data + i * Type::kBytes);
        }
    });
    return hn::GetLane(hn::SumOfLanes(d, sums));
}

void RotaryRow(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y) {
    const Floats d;
    const Vector factor = hn::Set(d, scale);
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            for_row(count, [&](int64_t i, auto part) MSST_BODY {
                const Vector v = hn::Mul(factor, load_at<In>(x.data, i, part));
                const Vector c = load_at<Float32>(bytes(cosine), i, part);
                const Vector s = load_at<Float32>(bytes(sine), i, part);
                // even elements: v c - partner s; odd ones: v c + partner s
                const Vector partner = hn::Mul(hn::Reverse2(d, v), s);
                const Vector turned = hn::OddEven(hn::MulAdd(v, c, partner), hn::Sub(hn::Mul(v, c), partner));
                store_at<Out>(turned, y.data, i, part);
            });
        });
    });
}

void PolarRow(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y) {
    const Floats d;
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            for_row(count, [&](int64_t i, auto part) MSST_BODY {
                const Vector v = load_at<In>(x.data, i, part);
                const Vector soft =
                    hn::Add(hn::Max(v, hn::Zero(d)), hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(v)))));
                const Vector m = hn::Mul(soft, hn::Set(d, scale));
                store_at<Out>(hn::Mul(m, load_at<Float32>(bytes(cosine), i, part)), y.data, i, part);
                store_at<Out>(hn::Mul(m, load_at<Float32>(bytes(sine), i, part)), y.at(count).data, i, part);
            });
        });
    });
}

void ScaleRow(Buffer x, int64_t count, float scale, Buffer y) {
    const Vector factor = hn::Set(Floats(), scale);
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            for_row(count, [&](int64_t i, auto part) MSST_BODY {
                store_at<Out>(hn::Mul(factor, load_at<In>(x.data, i, part)), y.data, i, part);
            });
        });
    });
}

void GluRow(const float* a, const float* b, int64_t count, float* y) {
    const Floats d;
    const Vector one = hn::Set(d, 1.0f);
    for_row(count, [&](int64_t i, auto part) MSST_BODY {
        const Vector gate = load_at<Float32>(bytes(b), i, part);
        const Vector value = load_at<Float32>(bytes(a), i, part);
        const Vector result = hn::Div(value, hn::Add(one, hn::Exp(d, hn::Neg(gate))));
        store_at<Float32>(result, reinterpret_cast<std::byte*>(y), i, part);
    });
}

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

#undef MSST_BODY

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(RmsNormRow);
HWY_EXPORT(ExpRow);
HWY_EXPORT(RotaryRow);
HWY_EXPORT(PolarRow);
HWY_EXPORT(ScaleRow);
HWY_EXPORT(GluRow);
HWY_EXPORT(ConvolveChannels);

void rms_norm_row(const float* x, const float* gamma, int64_t count, float floor, float epsilon, Buffer y) {
    HWY_DYNAMIC_DISPATCH(RmsNormRow)(x, gamma, count, floor, epsilon, y);
}

float exp_row(const float* x, int64_t count, Buffer y) {
    return HWY_DYNAMIC_DISPATCH(ExpRow)(x, count, y);
}

void rotary_row(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y) {
    HWY_DYNAMIC_DISPATCH(RotaryRow)(x, cosine, sine, count, scale, y);
}

void polar_row(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y) {
    HWY_DYNAMIC_DISPATCH(PolarRow)(x, cosine, sine, count, scale, y);
}

void scale_row(Buffer x, int64_t count, float scale, Buffer y) {
    HWY_DYNAMIC_DISPATCH(ScaleRow)(x, count, scale, y);
}

void glu_row(const float* a, const float* b, int64_t count, float* y) {
    HWY_DYNAMIC_DISPATCH(GluRow)(a, b, count, y);
}

void convolve_channels(const ChannelConvolution& convolution, Buffer y, int64_t y_stride) {
    HWY_DYNAMIC_DISPATCH(ConvolveChannels)(convolution, y, y_stride);
}

float load(Buffer x, int64_t index) {
    if (x.storage == Storage::float32) return x.floats()[index];
    uint16_t half;
    std::memcpy(&half, x.at(index).data, sizeof half);
    return std::bit_cast<float>(static_cast<uint32_t>(half) << 16);
}

float sigmoid(float x) {
    return 1.0f / (1.0f + std::exp(-x));
}

}  // namespace msst::backend::cpu

#endif
