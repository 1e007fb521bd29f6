// Functions of vectors, for the files that are compiled once per instruction set.

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "backend/cpu/vector_rows-inl.h"
#include "graph/activation.h"

// Included once per target, so the usual guard would hide all but the first.
#if defined(MSST_VECTOR_FUNCTIONS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MSST_VECTOR_FUNCTIONS_INL_H
#undef MSST_VECTOR_FUNCTIONS_INL_H
#else
#define MSST_VECTOR_FUNCTIONS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace msst::backend::cpu::HWY_NAMESPACE {

// c[0] + c[1] x + …
template <size_t count>
HWY_INLINE Vector Polynomial(Vector x, const float (&c)[count]) {
    Vector sum = hn::Set(Floats(), c[count - 1]);
    for (size_t i = count - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(Floats(), c[i]));
    return sum;
}

struct Fraction {
    Vector above;
    Vector below;
};

// A quotient of polynomials that is right to a few units of the last place; beyond 7.9 tanh is 1 in float32.
HWY_INLINE Fraction TanhFraction(Vector x) {
    constexpr float kAbove[] = {4.89352455891786e-03f, 6.37261928875436e-04f,  1.48572235717979e-05f,
                                5.12229709037114e-08f, -8.60467152213735e-11f, 2.00018790482477e-13f,
                                -2.76076847742355e-16f};
    constexpr float kBelow[] = {4.89352518554385e-03f, 2.26843463243900e-03f, 1.18534705686654e-04f,
                                1.19825839466702e-06f};
    const Vector largest = hn::Set(Floats(), 7.90531110763549805f);
    x = hn::Min(hn::Max(x, hn::Neg(largest)), largest);
    const Vector square = hn::Mul(x, x);
    return {hn::Mul(x, Polynomial(square, kAbove)), Polynomial(square, kBelow)};
}

HWY_INLINE Vector Tanh(Vector x) {
    const Fraction tanh = TanhFraction(x);
    return hn::Div(tanh.above, tanh.below);
}

HWY_INLINE Vector Sigmoid(Vector x) {
    const Vector half = hn::Set(Floats(), 0.5f);
    return hn::MulAdd(half, Tanh(hn::Mul(half, x)), half);
}

// A quotient of polynomials, fitted for the least of the largest error up to 3.8, where erf is 1 in float32:
// off by 1e-8 there, and by the rounding of what follows, 3e-7 at most.
HWY_INLINE Vector Erf(Vector x) {
    constexpr float kAbove[] = {1.12837907f,    0.18811626f,     0.0525473536f,
                                0.00369361798f, 0.000287999806f, 2.13213494e-06f};
    constexpr float kBelow[] = {1.0f,          0.500045951f,   0.113254933f,
                                0.0148229366f, 0.00115374674f, 3.90979029e-05f};
    const Vector largest = hn::Set(Floats(), 3.8f);
    x = hn::Min(hn::Max(x, hn::Neg(largest)), largest);
    const Vector square = hn::Mul(x, x);
    return hn::Div(hn::Mul(x, Polynomial(square, kAbove)), Polynomial(square, kBelow));
}

// Calls use(function), where function maps a vector to its activation.
template <class Use>
HWY_INLINE void with_activation(const graph::Activation& activation, const Use& use) {
    using graph::Activation;
    const Floats d;
    switch (activation.kind) {
        case Activation::none:
            return use([](Vector x) MSST_BODY { return x; });
        case Activation::gelu:
            return use([](Vector x) MSST_BODY {
                const Vector half = hn::Mul(x, hn::Set(Floats(), 0.5f));
                return hn::MulAdd(half, Erf(hn::Mul(x, hn::Set(Floats(), 0.70710678f))), half);
            });
        case Activation::tanh:
            return use([](Vector x) MSST_BODY { return Tanh(x); });
        case Activation::relu:
            return use([](Vector x) MSST_BODY { return hn::Max(x, hn::Zero(Floats())); });
        case Activation::elu: {
            const Vector alpha = hn::Set(d, activation.alpha);
            return use([alpha](Vector x) MSST_BODY {
                const Vector low = hn::Mul(alpha, hn::Expm1(Floats(), x));
                return hn::IfThenElse(hn::Gt(x, hn::Zero(Floats())), x, low);
            });
        }
        case Activation::silu:
            return use([](Vector x) MSST_BODY { return hn::Mul(x, Sigmoid(x)); });
        case Activation::sigmoid:
            return use([](Vector x) MSST_BODY { return Sigmoid(x); });
    }
}

}  // namespace msst::backend::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
