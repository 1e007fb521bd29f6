#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::TransposedConvolution& op, const Operands& io) {
    using graph::TransposedConvolution;
    const graph::Shape x = channels_first(io.shapes[TransposedConvolution::kX], op.layout);
    const graph::Shape& w = io.shapes[TransposedConvolution::kWeight];
    const graph::Shape y = channels_first(io.output_shape, op.layout);
    const float* bias = io.inputs[TransposedConvolution::kBias];
    std::vector<double> sums(io.output_elements(), 0.0);
    const float* from = io.inputs[TransposedConvolution::kX];
    for (int64_t n = 0; n < x[0]; ++n)
        for (int64_t in = 0; in < x[1]; ++in)
            for (int64_t h = 0; h < x[2]; ++h)
                for (int64_t v = 0; v < x[3]; ++v)
                    for (int64_t out = 0; out < w[1]; ++out)
                        for (int64_t i = 0; i < w[2]; ++i)
                            for (int64_t j = 0; j < w[3]; ++j) {
                                const int64_t row = h * op.strides[0] + i - op.crop_begin[0];
                                const int64_t column = v * op.strides[1] + j - op.crop_begin[1];
                                if (row < 0 || row >= y[2] || column < 0 || column >= y[3]) continue;
                                sums[place(y, op.layout, n, out, row, column)] +=
                                    static_cast<double>(from[place(x, op.layout, n, in, h, v)]) *
                                    io.inputs[TransposedConvolution::kWeight]
                                             [((in * w[1] + out) * w[2] + i) * w[3] + j];
                            }
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        const bool is_last = op.layout == graph::Layout::channels_last;
        const int64_t channel = (is_last ? i : i / (y[2] * y[3])) % y[1];
        io.output[i] = static_cast<float>(activate(op.activation, sums[i] + (bias ? bias[channel] : 0.0)));
    }
}

}  // namespace msst::backend::reference
