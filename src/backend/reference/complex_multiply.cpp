#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::ComplexMultiply&, const Operands& io) {
    const float* a = io.inputs[0];
    const float* b = io.inputs[1];
    for (int64_t i = 0; i < io.output_elements(); i += 2) {
        io.output[i] = a[i] * b[i] - a[i + 1] * b[i + 1];
        io.output[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
    }
}

}  // namespace msst::backend::reference
