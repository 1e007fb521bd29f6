#include <algorithm>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Gather& op, const Operands& io) {
    const int64_t rows = io.shapes[0][1];
    const int64_t width = io.shapes[0][2];
    float* y = io.output;
    for (int64_t a = 0; a < io.shapes[0][0]; ++a)
        for (const int64_t index : op.indices)
            y = std::copy_n(io.inputs[0] + (a * rows + index) * width, width, y);
}

}  // namespace msst::backend::reference
