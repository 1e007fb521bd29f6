#include <cmath>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::LayerNorm& op, const Operands& io) {
    const int64_t width = io.output_shape.back();
    for (int64_t row = 0; row < io.rows(0); ++row) {
        const float* x = io.inputs[0] + row * width;
        double mean = 0;
        for (int64_t i = 0; i < width; ++i) mean += x[i];
        mean /= static_cast<double>(width);
        double variance = 0;
        for (int64_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean);
        variance /= static_cast<double>(width);
        const double scale = 1.0 / std::sqrt(variance + op.epsilon);
        for (int64_t i = 0; i < width; ++i)
            io.output[row * width + i] =
                static_cast<float>((x[i] - mean) * scale * io.inputs[1][i] + io.inputs[2][i]);
    }
}

}  // namespace msst::backend::reference
