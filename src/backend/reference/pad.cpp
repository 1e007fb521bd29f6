#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Pad& op, const Operands& io) {
    const graph::Shape& x = io.shapes[0];
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        int64_t rest = i;
        int64_t at = 0;
        int64_t stride = 1;
        bool is_inside = true;
        for (size_t axis = x.size(); axis-- > 0; rest /= io.output_shape[axis], stride *= x[axis]) {
            const int64_t place = rest % io.output_shape[axis] - op.begin[axis];
            is_inside = is_inside && place >= 0 && place < x[axis];
            at += place * stride;
        }
        io.output[i] = is_inside ? io.inputs[0][at] : 0.0f;
    }
}

}  // namespace msst::backend::reference
