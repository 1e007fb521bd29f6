#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {

void run(const graph::DepthwiseConvolution& op, const Operands& io) {
    const graph::Shape& shape = io.output_shape;
    const int64_t channels = shape[2];
    const int64_t kernel = io.shapes[1][1];
    const int64_t stride = op.axis == 0 ? shape[1] * channels : channels;  // from one position to the next
    for (int64_t element = 0; element < io.output_elements(); ++element) {
        const int64_t channel = element % channels;
        const int64_t i = element / stride % shape[op.axis];
        double sum = io.inputs[2][channel];
        for (int64_t k = 0; k < kernel; ++k) {
            const int64_t offset = k - kernel / 2;
            if (i + offset < 0 || i + offset >= shape[op.axis]) continue;
            sum += static_cast<double>(io.inputs[1][channel * kernel + k]) *
                   io.inputs[0][element + offset * stride];
        }
        io.output[element] = static_cast<float>(activate(op.activation, sum));
    }
}

}  // namespace msst::backend::reference
