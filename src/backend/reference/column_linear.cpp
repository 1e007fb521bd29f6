#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::ColumnLinear&, const Operands& io) {
    using graph::ColumnLinear;
    const int64_t in = io.shapes[ColumnLinear::kWeight][1];
    const int64_t out = io.shapes[ColumnLinear::kWeight][0];
    const int64_t columns = io.output_shape.back();
    const float* residual = io.inputs[ColumnLinear::kResidual];
    for (int64_t at = 0; at < io.output_elements(); ++at) {
        const int64_t matrix = at / (out * columns);
        const int64_t row = at / columns % out;
        double sum = residual ? residual[at] : 0.0;
        for (int64_t i = 0; i < in; ++i)
            sum += static_cast<double>(io.inputs[ColumnLinear::kWeight][row * in + i]) *
                   io.inputs[ColumnLinear::kX][(matrix * in + i) * columns + at % columns];
        io.output[at] = static_cast<float>(sum);
    }
}

}  // namespace msst::backend::reference
