#include <vector>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Add&, const Operands& io) {
    const std::vector<int64_t> strides = graph::repeated_strides(io.shapes[1], io.output_shape);
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        int64_t rest = i;
        int64_t at = 0;
        for (size_t axis = strides.size(); axis-- > 0; rest /= io.output_shape[axis])
            at += rest % io.output_shape[axis] * strides[axis];
        io.output[i] = io.inputs[0][i] + io.inputs[1][at];
    }
}

}  // namespace msst::backend::reference
