#include "backend/cpu/affine_rows.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

float activate(const graph::Activation& activation, float x) {
    using graph::Activation;
    switch (activation.kind) {
        case Activation::none:
            return x;
        case Activation::gelu:
            return 0.5f * x * (1.0f + std::erf(x * static_cast<float>(M_SQRT1_2)));
        case Activation::tanh:
            return std::tanh(x);
        case Activation::relu:
            return std::max(x, 0.0f);
        case Activation::elu:
            return x > 0 ? x : activation.alpha * std::expm1(x);
        case Activation::silu:
            return x * sigmoid(x);
        case Activation::sigmoid:
            return sigmoid(x);
    }
    return x;
}

}  // namespace

void affine_row(Buffer x, int64_t count, float scale, float shift, const graph::Activation& activation,
                Buffer y) {
    for (int64_t i = 0; i < count; ++i) y.floats()[i] = activate(activation, x.floats()[i] * scale + shift);
}

}  // namespace msst::backend::cpu
