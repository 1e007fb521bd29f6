#include <cmath>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Moments&, const Operands& io) {
    const int64_t count = graph::elements(io.shapes[0]);
    double mean = 0;
    for (int64_t i = 0; i < count; ++i) mean += io.inputs[0][i];
    mean /= static_cast<double>(count);
    double squares = 0;
    for (int64_t i = 0; i < count; ++i) squares += (io.inputs[0][i] - mean) * (io.inputs[0][i] - mean);
    io.output[0] = static_cast<float>(mean);
    io.output[1] = static_cast<float>(std::sqrt(squares / static_cast<double>(count - 1)));
}

}  // namespace msst::backend::reference
