#include <cmath>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::TensorNorm& op, const Operands& io) {
    const int64_t count = io.output_elements();
    const int64_t width = io.output_shape.back();
    double mean = 0;
    for (int64_t i = 0; i < count; ++i) mean += io.inputs[0][i];
    mean /= static_cast<double>(count);
    double variance = 0;
    for (int64_t i = 0; i < count; ++i) variance += (io.inputs[0][i] - mean) * (io.inputs[0][i] - mean);
    variance /= static_cast<double>(count);
    const double scale = 1.0 / std::sqrt(variance + op.epsilon);
    for (int64_t i = 0; i < count; ++i)
        io.output[i] = static_cast<float>((io.inputs[0][i] - mean) * scale * io.inputs[1][i % width] +
                                          io.inputs[2][i % width]);
}

}  // namespace msst::backend::reference
