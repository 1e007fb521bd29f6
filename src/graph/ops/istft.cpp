#include "graph/ops/istft.h"

#include <cmath>

namespace msst::graph {

Shape Istft::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && inputs[0].size() == 4 && inputs[0][1] == frame.bins() &&
                       inputs[0][3] == 2 && length >= 1,
                   kName, inputs);
    return {inputs[0][2], length};
}

double Istft::flops(InputShapes inputs, const Shape&) const {
    return 2.5 * static_cast<double>(inputs[0][0] * inputs[0][2] * frame.n_fft) *
           std::log2(static_cast<double>(frame.n_fft));
}

}  // namespace msst::graph
