#include <algorithm>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Concat& op, const Operands& io) {
    int64_t before = 1;
    for (int axis = 0; axis < op.axis; ++axis) before *= io.output_shape[axis];
    float* y = io.output;
    for (int64_t row = 0; row < before; ++row)
        for (size_t i = 0; i < io.inputs.size(); ++i) {
            const int64_t count = graph::elements(io.shapes[i]) / before;
            y = std::copy_n(io.inputs[i] + row * count, count, y);
        }
}

}  // namespace msst::backend::reference
