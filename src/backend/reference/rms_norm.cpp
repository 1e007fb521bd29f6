#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::RmsNorm& op, const Operands& io) {
    const int64_t width = io.output_shape.back();
    for (int64_t row = 0; row < io.rows(0); ++row)
        rms_norm(io.inputs[0] + row * width, io.inputs[1], width, op.floor, op.epsilon,
                 io.output + row * width);
}

}  // namespace msst::backend::reference
