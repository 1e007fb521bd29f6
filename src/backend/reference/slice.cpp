#include <algorithm>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Slice& op, const Operands& io) {
    int64_t before = 1;
    int64_t after = 1;
    for (int axis = 0; axis < static_cast<int>(io.shapes[0].size()); ++axis) {
        if (axis < op.axis) before *= io.shapes[0][axis];
        if (axis > op.axis) after *= io.shapes[0][axis];
    }
    const float* x = io.inputs[0] + op.first * after;
    float* y = io.output;
    for (int64_t i = 0; i < before; ++i)
        y = std::copy_n(x + i * io.shapes[0][op.axis] * after, op.count * after, y);
}

}  // namespace msst::backend::reference
