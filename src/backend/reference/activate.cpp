#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::Activate& op, const Operands& io) {
    for (int64_t i = 0; i < io.output_elements(); ++i)
        io.output[i] = static_cast<float>(activate(op.activation, io.inputs[0][i]));
}

}  // namespace msst::backend::reference
