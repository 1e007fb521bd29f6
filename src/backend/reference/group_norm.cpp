#include <cmath>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::GroupNorm& op, const Operands& io) {
    using graph::GroupNorm;
    const int64_t channels = io.output_shape[1];
    const int64_t behind = io.output_elements() / (io.output_shape[0] * channels);
    const int64_t count = channels / op.groups * behind;
    const float* weight = io.inputs[GroupNorm::kWeight];
    const float* bias = io.inputs[GroupNorm::kBias];
    for (int64_t group = 0; group < io.output_shape[0] * op.groups; ++group) {
        const float* x = io.inputs[GroupNorm::kX] + group * count;
        double mean = 0;
        for (int64_t i = 0; i < count; ++i) mean += x[i];
        mean /= static_cast<double>(count);
        double variance = 0;
        for (int64_t i = 0; i < count; ++i) variance += (x[i] - mean) * (x[i] - mean);
        variance /= static_cast<double>(count);
        const double scale = 1.0 / std::sqrt(variance + op.epsilon);
        for (int64_t i = 0; i < count; ++i) {
            const int64_t channel = (group * count + i) / behind % channels;
            const double normed = (x[i] - mean) * scale;
            const double y = normed * (weight ? weight[channel] : 1.0) + (bias ? bias[channel] : 0.0);
            io.output[group * count + i] = static_cast<float>(activate(op.activation, y));
        }
    }
}

}  // namespace msst::backend::reference
