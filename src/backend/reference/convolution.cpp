#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {
namespace {

using graph::Convolution;

// The sum of weight times input for one output element.
double convolve(const Convolution& op, const Operands& io, int64_t n, int64_t out, int64_t row,
                int64_t column) {
    const graph::Shape x = channels_first(io.shapes[Convolution::kX], op.layout);
    const graph::Shape& w = io.shapes[Convolution::kWeight];
    const int64_t first_in = out / (w[0] / op.groups) * w[1];
    const int64_t next_in = place(x, op.layout, 0, 1, 0, 0);
    double sum = 0;
    for (int64_t i = 0; i < w[2]; ++i)
        for (int64_t j = 0; j < w[3]; ++j) {
            const int64_t h = row * op.strides[0] - op.pad_begin[0] + i * op.dilations[0];
            const int64_t v = column * op.strides[1] - op.pad_begin[1] + j * op.dilations[1];
            if (h < 0 || h >= x[2] || v < 0 || v >= x[3]) continue;
            const float* from = io.inputs[Convolution::kX] + place(x, op.layout, n, first_in, h, v);
            const float* weight = io.inputs[Convolution::kWeight] + (out * w[1] * w[2] + i) * w[3] + j;
            for (int64_t in = 0; in < w[1]; ++in)
                sum += static_cast<double>(from[in * next_in]) * weight[in * w[2] * w[3]];
        }
    return sum;
}

}  // namespace

void run(const Convolution& op, const Operands& io) {
    const graph::Shape y = channels_first(io.output_shape, op.layout);
    const float* bias = io.inputs[Convolution::kBias];
    const float* residual = io.inputs[Convolution::kResidual];
    for (int64_t n = 0; n < y[0]; ++n)
        for (int64_t out = 0; out < y[1]; ++out)
            for (int64_t row = 0; row < y[2]; ++row)
                for (int64_t column = 0; column < y[3]; ++column) {
                    const int64_t at = place(y, op.layout, n, out, row, column);
                    double sum = convolve(op, io, n, out, row, column);
                    if (bias) sum += bias[out];
                    sum = activate(op.activation, sum);
                    if (op.is_gated) {
                        double gate = convolve(op, io, n, y[1] + out, row, column);
                        if (bias) gate += bias[y[1] + out];
                        sum *= sigmoid(gate);
                    }
                    if (residual) sum += residual[at];
                    io.output[at] = static_cast<float>(sum);
                }
}

}  // namespace msst::backend::reference
