#include "graph/ops/depthwise_convolution.h"

namespace msst::graph {

Shape DepthwiseConvolution::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && inputs[0].size() == 3 && inputs[1].size() == 2 &&
                       inputs[1][0] == inputs[0][2] && inputs[1][1] % 2 == 1 &&
                       inputs[2] == Shape{inputs[0][2]},
                   kName, inputs);
    require_shapes((axis == 0 || axis == 1) &&
                       (activation.kind == Activation::none || activation.kind == Activation::silu),
                   kName, inputs);
    return inputs[0];
}

double DepthwiseConvolution::flops(InputShapes inputs, const Shape& output) const {
    return 2.0 * static_cast<double>(elements(output)) * static_cast<double>(inputs[1][1]);
}

}  // namespace msst::graph
