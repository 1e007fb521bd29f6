#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::Linear& op, const Operands& io) {
    const int64_t in = io.shapes[graph::Linear::kX].back();
    const int64_t out = io.output_shape.back();
    const float* bias = io.inputs[graph::Linear::kBias];
    const float* residual = io.inputs[graph::Linear::kResidual];
    for (int64_t row = 0; row < io.rows(graph::Linear::kX); ++row)
        for (int64_t n = 0; n < out; ++n) {
            double y =
                dot(io.inputs[graph::Linear::kX] + row * in, io.inputs[graph::Linear::kWeight] + n * in, in);
            if (bias) y += bias[n];
            y = activate(op.activation, y);
            if (residual) y += residual[row * out + n];
            io.output[row * out + n] = static_cast<float>(y);
        }
}

}  // namespace msst::backend::reference
