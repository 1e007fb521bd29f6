#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Permute& op, const Operands& io) {
    const std::vector<int64_t> strides = op.input_strides(io.shapes[0]);
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        int64_t rest = i;
        int64_t at = 0;
        for (size_t axis = strides.size(); axis-- > 0; rest /= io.output_shape[axis])
            at += rest % io.output_shape[axis] * strides[axis];
        io.output[i] = io.inputs[0][at];
    }
}

}  // namespace msst::backend::reference
