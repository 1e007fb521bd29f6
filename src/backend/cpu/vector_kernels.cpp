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
#include "backend/cpu/vector_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

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

void LayerNormRow(const float* x, const float* gain, const float* bias, int64_t count, float epsilon,
                  Buffer y) {
    const Floats d;
    const auto width = static_cast<float>(count);
    Vector sums = hn::Zero(d);
    for_row(count, [&](int64_t i, auto part)
                       MSST_BODY { sums = hn::Add(sums, load_at<Float32>(bytes(x), i, part)); });
    const float mean = hn::GetLane(hn::SumOfLanes(d, sums)) / width;
    Vector squares = hn::Zero(d);
    for_row(count, [&](int64_t i, auto part) MSST_BODY {
        Vector v = hn::Sub(load_at<Float32>(bytes(x), i, part), hn::Set(d, mean));
        if constexpr (std::is_same_v<decltype(part), Part>)
            v = hn::IfThenElseZero(hn::FirstN(d, part.count), v);
        squares = hn::MulAdd(v, v, squares);
    });
    const float variance = hn::GetLane(hn::SumOfLanes(d, squares)) / width;
    const Vector scale = hn::Set(d, 1.0f / std::sqrt(variance + epsilon));
    with_type(y.storage, [&]<class Type>(Type) MSST_BODY {
        for_row(count, [&](int64_t i, auto part) MSST_BODY {
            const Vector v = hn::Sub(load_at<Float32>(bytes(x), i, part), hn::Set(d, mean));
            const Vector g = load_at<Float32>(bytes(gain), i, part);
            const Vector b = load_at<Float32>(bytes(bias), i, part);
            store_at<Type>(hn::MulAdd(hn::Mul(v, scale), g, b), y.data, i, part);
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

void GluRow(Buffer a, Buffer b, int64_t count, graph::Glu::Gate kind, Buffer y) {
    const Floats d;
    const bool is_silu = kind == graph::Glu::Gate::silu;
    const Vector one = hn::Set(d, 1.0f);
    with_type(a.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            for_row(count, [&](int64_t i, auto part) MSST_BODY {
                const Vector gate = load_at<In>(b.data, i, part);
                const Vector value = load_at<In>(a.data, i, part);
                const Vector factor = is_silu ? hn::Mul(value, gate) : value;
                const Vector result = hn::Div(factor, hn::Add(one, hn::Exp(d, hn::Neg(gate))));
                store_at<Out>(result, y.data, i, part);
            });
        });
    });
}

void AddRow(Buffer a, Buffer b, int64_t count, Buffer y) {
    with_type(a.storage, [&]<class A>(A) MSST_BODY {
        with_type(b.storage, [&]<class B>(B) MSST_BODY {
            with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
                for_row(count, [&](int64_t i, auto part) MSST_BODY {
                    const Vector sum = hn::Add(load_at<A>(a.data, i, part), load_at<B>(b.data, i, part));
                    store_at<Out>(sum, y.data, i, part);
                });
            });
        });
    });
}

void ShiftRow(Buffer x, int64_t count, float shift, Buffer y) {
    const Vector summand = hn::Set(Floats(), shift);
    with_type(x.storage, [&]<class In>(In) MSST_BODY {
        with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
            for_row(count, [&](int64_t i, auto part) MSST_BODY {
                store_at<Out>(hn::Add(summand, load_at<In>(x.data, i, part)), y.data, i, part);
            });
        });
    });
}

void MultiplyRow(Buffer a, Buffer b, int64_t count, Buffer y) {
    with_type(a.storage, [&]<class A>(A) MSST_BODY {
        with_type(b.storage, [&]<class B>(B) MSST_BODY {
            with_type(y.storage, [&]<class Out>(Out) MSST_BODY {
                for_row(count, [&](int64_t i, auto part) MSST_BODY {
                    const Vector product = hn::Mul(load_at<A>(a.data, i, part), load_at<B>(b.data, i, part));
                    store_at<Out>(product, y.data, i, part);
                });
            });
        });
    });
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace msst::backend::cpu {

HWY_EXPORT(RmsNormRow);
HWY_EXPORT(LayerNormRow);
HWY_EXPORT(ExpRow);
HWY_EXPORT(RotaryRow);
HWY_EXPORT(PolarRow);
HWY_EXPORT(ScaleRow);
HWY_EXPORT(GluRow);
HWY_EXPORT(AddRow);
HWY_EXPORT(ShiftRow);
HWY_EXPORT(MultiplyRow);

void rms_norm_row(const float* x, const float* gamma, int64_t count, float floor, float epsilon, Buffer y) {
    HWY_DYNAMIC_DISPATCH(RmsNormRow)(x, gamma, count, floor, epsilon, y);
}

void layer_norm_row(const float* x, const float* gain, const float* bias, int64_t count, float epsilon,
                    Buffer y) {
    HWY_DYNAMIC_DISPATCH(LayerNormRow)(x, gain, bias, count, epsilon, y);
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

void glu_row(Buffer a, Buffer b, int64_t count, graph::Glu::Gate gate, Buffer y) {
    HWY_DYNAMIC_DISPATCH(GluRow)(a, b, count, gate, y);
}

void add_row(Buffer a, Buffer b, int64_t count, Buffer y) {
    HWY_DYNAMIC_DISPATCH(AddRow)(a, b, count, y);
}

void shift_row(Buffer x, int64_t count, float shift, Buffer y) {
    HWY_DYNAMIC_DISPATCH(ShiftRow)(x, count, shift, y);
}

void multiply_row(Buffer a, Buffer b, int64_t count, Buffer y) {
    HWY_DYNAMIC_DISPATCH(MultiplyRow)(a, b, count, y);
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
