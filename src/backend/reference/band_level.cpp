#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::BandLevel& op, const Operands& io) {
    const float* x = io.inputs[0];
    float* y = io.output;
    for (int64_t row = 0; row < io.shapes[0][0]; ++row)
        for (const int64_t width : op.widths) {
            const double level = std::sqrt(dot(x, x, width) + op.epsilon);
            for (int64_t i = 0; i < width; ++i) *y++ = static_cast<float>(*x++ / level);
            *y++ = static_cast<float>(std::log(level));
        }
}

}  // namespace msst::backend::reference
