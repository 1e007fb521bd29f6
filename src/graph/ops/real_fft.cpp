#include "graph/ops/real_fft.h"

#include <cmath>

namespace msst::graph {

Shape RealFft::infer(InputShapes inputs) const {
    require_shapes(
        inputs.size() == 1 && axis >= 0 && axis + 1 < std::ssize(inputs[0]) && inputs[0][axis] >= 1, kName,
        inputs);
    Shape output = inputs[0];
    output[axis] = output[axis] / 2 + 1;
    output.back() *= 2;
    return output;
}

double RealFft::flops(InputShapes inputs, const Shape&) const {
    return 2.5 * static_cast<double>(elements(inputs[0])) *
           std::log2(static_cast<double>(inputs[0][axis]) + 1.0);
}

}  // namespace msst::graph
