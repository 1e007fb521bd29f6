#include "backend/reference/kernels.h"
#include "backend/reference/math.h"
#include "graph/axis_view.h"

namespace msst::backend::reference {

void run(const graph::Glu& op, const Operands& io) {
    const graph::AxisView x = graph::view_axis(io.shapes[0], op.axis);
    const graph::AxisView y = graph::view_axis(io.output_shape, op.axis);
    for (int64_t b = 0; b < y.before; ++b)
        for (int64_t i = 0; i < y.size; ++i)
            for (int64_t a = 0; a < y.after; ++a)
                io.output[y.at(b, i, a)] = static_cast<float>(io.inputs[0][x.at(b, i, a)] *
                                                              sigmoid(io.inputs[0][x.at(b, y.size + i, a)]));
}

}  // namespace msst::backend::reference
