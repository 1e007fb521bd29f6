#include <algorithm>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::Concat&, const Operands& io) {
    float* y = io.output;
    for (size_t i = 0; i < io.inputs.size(); ++i)
        y = std::copy_n(io.inputs[i], graph::elements(io.shapes[i]), y);
}

}  // namespace msst::backend::reference
