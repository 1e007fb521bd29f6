#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Standardize& op, const Operands& io) {
    const double mean = io.inputs[1][0];
    const double deviation = io.inputs[1][1];
    for (int64_t i = 0; i < io.output_elements(); ++i) {
        const double x = io.inputs[0][i];
        io.output[i] = static_cast<float>(op.direction == graph::Standardize::Direction::forward
                                              ? (x - mean) / (deviation + op.floor)
                                              : x * deviation + mean);
    }
}

}  // namespace msst::backend::reference
