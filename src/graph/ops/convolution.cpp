#include "graph/ops/convolution.h"

namespace msst::graph {

Shape Convolution::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 4 && inputs[kX].size() == 4 && inputs[kWeight].size() == 4, kName,
                   inputs);
    const Shape x = channels_first(inputs[kX], layout);
    require_shapes(groups >= 1 && x[1] == groups * inputs[kWeight][1] && inputs[kWeight][0] % groups == 0,
                   kName, inputs);
    Shape output = {x[0], inputs[kWeight][0], 0, 0};
    for (int axis = 0; axis < 2; ++axis) {
        const int64_t reach = dilations[axis] * (inputs[kWeight][2 + axis] - 1) + 1;
        const int64_t padded = x[2 + axis] + pad_begin[axis] + pad_end[axis];
        require_shapes(strides[axis] >= 1 && dilations[axis] >= 1 && pad_begin[axis] >= 0 &&
                           pad_end[axis] >= 0 && padded >= reach,
                       kName, inputs);
        output[2 + axis] = (padded - reach) / strides[axis] + 1;
    }
    require_shapes(inputs[kBias].empty() || inputs[kBias] == Shape{output[1]}, kName, inputs);
    if (is_gated) {
        require_shapes(output[1] % 2 == 0 && layout == Layout::channels_last && inputs[kResidual].empty() &&
                           activation.kind == Activation::none,
                       kName, inputs);
        output[1] /= 2;
    }
    output = in_layout(output, layout);
    require_shapes(inputs[kResidual].empty() || inputs[kResidual] == output, kName, inputs);
    return output;
}

double Convolution::flops(InputShapes inputs, const Shape& output) const {
    const Shape& weight = inputs[kWeight];
    const double product = 2.0 * static_cast<double>(weight[1] * weight[2] * weight[3]);
    constexpr double kGate = 4;
    return (is_gated ? 2 * product + kGate : product) * static_cast<double>(elements(output));
}

}  // namespace msst::graph
