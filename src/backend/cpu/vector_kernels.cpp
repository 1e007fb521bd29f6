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

// Loads and stores of one storage; the last, short vector of a row goes through memory of our own.
struct Float32 {
    static constexpr int64_t kBytes = 4;
    static Vector load(const std::byte* at) {
        return hn::LoadU(Floats(), reinterpret_cast<const float*>(at));
    }
    static void store(Vector v, std::byte* at) { hn::StoreU(v, Floats(), reinterpret_cast<float*>(at)); }
};

struct BFloat16 {
    static constexpr int64_t kBytes = 2;
    static Vector load(const std::byte* at) {
        const auto halves = hn::LoadU(Halves(), reinterpret_cast<const uint16_t*>(at));
        return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), halves)));
    }
    // Rounds to nearest, ties to even.
    static void store(Vector v, std::byte* at) {
        const Words words;
        const auto bits = hn::BitCast(words, v);
        const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
        const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fff))));
        const auto narrow = hn::DemoteTo(Halves(), hn::BitCast(hn::RebindToSigned<Words>(), rounded));
        hn::StoreU(narrow, Halves(), reinterpret_cast<uint16_t*>(at));
    }
};

template <class Type>
Vector load_some(const std::byte* at, int64_t count) {
    std::byte whole[kLanes * Type::kBytes] = {};
    std::memcpy(whole, at, count * Type::kBytes);
    return Type::load(whole);
}

template <class Type>
void store_some(Vector v, std::byte* at, int64_t count) {
    std::byte whole[kLanes * Type::kBytes];
    Type::store(v, whole);
    std::memcpy(at, whole, count * Type::kBytes);
}

// Calls step(index, load, store) for every vector of a row, the last one perhaps short.
template <class Step>
void for_row(int64_t count, Step step) {
    const int64_t lanes = hn::Lanes(Floats());
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) step(i, lanes, /*is_whole=*/true);
    if (i < count) step(i, count - i, /*is_whole=*/false);
}

template <class Type>
Vector load_at(const std::byte* row, int64_t i, int64_t count, bool is_whole) {
    const std::byte* at = row + i * Type::kBytes;
    return is_whole ? Type::load(at) : load_some<Type>(at, count);
}

template <class Type>
void store_at(Vector v, std::byte* row, int64_t i, int64_t count, bool is_whole) {
    std::byte* at = row + i * Type::kBytes;
    if (is_whole)
        Type::store(v, at);
    else
        store_some<Type>(v, at, count);
}

const std::byte* bytes(const float* x) {
    return reinterpret_cast<const std::byte*>(x);
}

// Calls use(type) with Float32 or BFloat16.
template <class Use>
void with_type(Storage storage, Use use) {
    if (storage == Storage::float32)
        use(Float32());
    else
        use(BFloat16());
}

void RmsNormRow(const float* x, const float* gamma, int64_t count, float floor, Buffer y) {
    const Floats d;
    Vector sums = hn::Zero(d);
    for_row(count, [&](int64_t i, int64_t n, bool whole) HWY_ATTR {
        const Vector v = load_at<Float32>(bytes(x), i, n, whole);
        sums = hn::MulAdd(v, v, sums);
    });
    const float norm = std::max(std::sqrt(hn::GetLane(hn::SumOfLanes(d, sums))), floor);
    const Vector scale = hn::Set(d, std::sqrt(static_cast<float>(count)) / norm);
    with_type(y.storage, [&]<class Type>(Type) HWY_ATTR {
        for_row(count, [&](int64_t i, int64_t n, bool whole) HWY_ATTR {
            const Vector v = load_at<Float32>(bytes(x), i, n, whole);
            const Vector g = load_at<Float32>(bytes(gamma), i, n, whole);
            store_at<Type>(hn::Mul(hn::Mul(v, scale), g), y.data, i, n, whole);
        });
    });
}

float ExpRow(const float* x, int64_t count, Buffer y) {
    const Floats d;
    const int64_t lanes = hn::Lanes(d);
    const Vector lowest = hn::Set(d, -INFINITY);
    const auto valid = [&](int64_t i) HWY_ATTR {
        return hn::IfThenElse(hn::FirstN(d, std::clamp<int64_t>(count - i, 0, lanes)), hn::LoadU(d, x + i),
                              lowest);
    };
    Vector largest = lowest;
    for (int64_t i = 0; i < count; i += lanes) largest = hn::Max(largest, valid(i));
    largest = hn::MaxOfLanes(d, largest);
    Vector sums = hn::Zero(d);
    with_type(y.storage, [&]<class Type>(Type) HWY_ATTR {
        for (int64_t i = 0; i < padded(count); i += lanes) {
            const auto mask = hn::FirstN(d, std::clamp<int64_t>(count - i, 0, lanes));
            const Vector e = hn::IfThenElseZero(mask, hn::Exp(d, hn::Sub(hn::LoadU(d, x + i), largest)));
            sums = hn::Add(sums, e);
            Type::store(e, y.data + i * Type::kBytes);
        }
    });
    return hn::GetLane(hn::SumOfLanes(d, sums));
}

void RotaryRow(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y) {
    const Floats d;
    const Vector factor = hn::Set(d, scale);
    with_type(x.storage, [&]<class In>(In) HWY_ATTR {
        with_type(y.storage, [&]<class Out>(Out) HWY_ATTR {
            for_row(count, [&](int64_t i, int64_t n, bool whole) HWY_ATTR {
                const Vector v = hn::Mul(factor, load_at<In>(x.data, i, n, whole));
                const Vector c = load_at<Float32>(bytes(cosine), i, n, whole);
                const Vector s = load_at<Float32>(bytes(sine), i, n, whole);
                // even elements: v c - partner s; odd ones: v c + partner s
                const Vector partner = hn::Mul(hn::Reverse2(d, v), s);
                const Vector turned = hn::OddEven(hn::MulAdd(v, c, partner), hn::Sub(hn::Mul(v, c), partner));
                store_at<Out>(turned, y.data, i, n, whole);
            });
        });
    });
}

void PolarRow(Buffer x, const float* cosine, const float* sine, int64_t count, float scale, Buffer y) {
    const Floats d;
    with_type(x.storage, [&]<class In>(In) HWY_ATTR {
        with_type(y.storage, [&]<class Out>(Out) HWY_ATTR {
            for_row(count, [&](int64_t i, int64_t n, bool whole) HWY_ATTR {
                const Vector v = load_at<In>(x.data, i, n, whole);
                const Vector soft =
                    hn::Add(hn::Max(v, hn::Zero(d)), hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(v)))));
                const Vector m = hn::Mul(soft, hn::Set(d, scale));
                store_at<Out>(hn::Mul(m, load_at<Float32>(bytes(cosine), i, n, whole)), y.data, i, n, whole);
                store_at<Out>(hn::Mul(m, load_at<Float32>(bytes(sine), i, n, whole)), y.at(count).data, i, n,
                              whole);
            });
        });
    });
}

void ScaleRow(Buffer x, int64_t count, float scale, Buffer y) {
    const Vector factor = hn::Set(Floats(), scale);
    with_type(x.storage, [&]<class In>(In) HWY_ATTR {
        with_type(y.storage, [&]<class Out>(Out) HWY_ATTR {
            for_row(count, [&](int64_t i, int64_t n, bool whole) HWY_ATTR {
                store_at<Out>(hn::Mul(factor, load_at<In>(x.data, i, n, whole)), y.data, i, n, whole);
            });
        });
    });
}

void GluRow(const float* a, const float* b, int64_t count, float* y) {
    const Floats d;
    const Vector one = hn::Set(d, 1.0f);
    for_row(count, [&](int64_t i, int64_t n, bool whole) HWY_ATTR {
        const Vector gate = load_at<Float32>(bytes(b), i, n, whole);
        const Vector value = load_at<Float32>(bytes(a), i, n, whole);
        const Vector result = hn::Div(value, hn::Add(one, hn::Exp(d, hn::Neg(gate))));
        store_at<Float32>(result, reinterpret_cast<std::byte*>(y), i, n, whole);
    });
}

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

void rms_norm_row(const float* x, const float* gamma, int64_t count, float floor, Buffer y) {
    HWY_DYNAMIC_DISPATCH(RmsNormRow)(x, gamma, count, floor, y);
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
