#include <algorithm>
#include <vector>

#include "backend/reference/kernels.h"

namespace msst::backend::reference {

void run(const graph::ScatterMean& op, const Operands& io) {
    const int64_t width = io.shapes[0][2];
    std::vector<int64_t> counts(op.rows, 0);
    for (const int64_t index : op.indices) ++counts[index];
    const float* x = io.inputs[0];
    for (int64_t a = 0; a < io.shapes[0][0]; ++a) {
        std::vector<double> sums(op.rows * width, 0.0);
        for (const int64_t index : op.indices)
            for (int64_t i = 0; i < width; ++i) sums[index * width + i] += *x++;
        for (int64_t i = 0; i < op.rows * width; ++i)
            io.output[a * op.rows * width + i] =
                static_cast<float>(sums[i] / static_cast<double>(std::max<int64_t>(1, counts[i / width])));
    }
}

}  // namespace msst::backend::reference
