#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::BandGlu& op, const Operands& io) {
    const float* x = io.inputs[0];
    float* y = io.output;
    for (int64_t row = 0; row < io.shapes[0][0]; ++row)
        for (const int64_t width : op.widths) {
            for (int64_t i = 0; i < width; ++i) y[i] = static_cast<float>(x[i] * sigmoid(x[width + i]));
            x += 2 * width;
            y += width;
        }
}

}  // namespace msst::backend::reference
