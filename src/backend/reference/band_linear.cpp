#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::BandLinear& op, const Operands& io) {
    const float* x = io.inputs[0];
    float* y = io.output;
    for (int64_t row = 0; row < io.shapes[0][0]; ++row) {
        const float* weight = io.inputs[1];
        const float* bias = io.inputs[2];
        for (size_t band = 0; band < op.in_widths.size(); ++band) {
            for (int64_t out = 0; out < op.out_widths[band]; ++out) {
                const double sum = dot(x, weight, op.in_widths[band]) + *bias++;
                *y++ = static_cast<float>(activate(op.activation, sum));
                weight += op.in_widths[band];
            }
            x += op.in_widths[band];
        }
    }
}

}  // namespace msst::backend::reference
