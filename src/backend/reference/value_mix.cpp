#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::ValueMix& op, const Operands& io) {
    const int64_t head_dim = io.output_shape.back() / op.heads;
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        const double v = io.inputs[0][i];
        io.output[i] = static_cast<float>(v + sigmoid(io.inputs[2][i / head_dim]) * (io.inputs[1][i] - v));
    }
}

}  // namespace msst::backend::reference
