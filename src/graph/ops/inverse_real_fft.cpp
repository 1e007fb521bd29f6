#include "graph/ops/inverse_real_fft.h"

#include <cmath>

namespace msst::graph {

Shape InverseRealFft::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && axis >= 0 && axis + 1 < std::ssize(inputs[0]) && length >= 1 &&
                       inputs[0][axis] == length / 2 + 1 && inputs[0].back() % 2 == 0,
                   kName, inputs);
    Shape output = inputs[0];
    output[axis] = length;
    output.back() /= 2;
    return output;
}

double InverseRealFft::flops(InputShapes, const Shape& output) const {
    return 2.5 * static_cast<double>(elements(output)) * std::log2(static_cast<double>(length) + 1.0);
}

}  // namespace msst::graph
