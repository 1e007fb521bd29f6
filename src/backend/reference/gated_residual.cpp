#include <cmath>
#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::GatedResidual& op, const Operands& io) {
    using Op = graph::GatedResidual;
    const int64_t channels = io.output_shape.back();
    const int64_t wide = 2 * channels;
    const int64_t in = io.shapes[Op::kHidden].back();
    const int64_t samples = io.output_shape[0];
    const int64_t rows = io.output_elements() / (samples * channels);
    for (int64_t sample = 0; sample < samples; ++sample) {
        const float* hidden = io.inputs[Op::kHidden] + sample * rows * in;
        std::vector<double> z;
        double mean = 0;
        for (int64_t row = 0; row < rows; ++row)
            for (int64_t c = 0; c < wide; ++c) {
                z.push_back(dot(hidden + row * in, io.inputs[Op::kWeight] + c * in, in) +
                            io.inputs[Op::kBias][c]);
                mean += z.back() / static_cast<double>(rows * wide);
            }
        double variance = 0;
        for (const double value : z)
            variance += (value - mean) * (value - mean) / static_cast<double>(rows * wide);
        const double scale = 1.0 / std::sqrt(variance + op.epsilon);
        const auto normed = [&](int64_t row, int64_t c) {
            return (z[row * wide + c] - mean) * scale * io.inputs[Op::kGain][c] + io.inputs[Op::kShift][c];
        };
        for (int64_t row = 0; row < rows; ++row)
            for (int64_t c = 0; c < channels; ++c) {
                const int64_t at = (sample * rows + row) * channels + c;
                io.output[at] = static_cast<float>(io.inputs[Op::kX][at] +
                                                   normed(row, c) * sigmoid(normed(row, channels + c)));
            }
    }
}

}  // namespace msst::backend::reference
