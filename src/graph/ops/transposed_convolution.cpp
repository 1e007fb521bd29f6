#include "graph/ops/transposed_convolution.h"

namespace msst::graph {

Shape TransposedConvolution::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && inputs[kX].size() == 4 && inputs[kWeight].size() == 4, kName,
                   inputs);
    const Shape x = channels_first(inputs[kX], layout);
    require_shapes(x[1] == inputs[kWeight][0], kName, inputs);
    Shape output = {x[0], inputs[kWeight][1], 0, 0};
    for (int axis = 0; axis < 2; ++axis) {
        const int64_t whole = (x[2 + axis] - 1) * strides[axis] + inputs[kWeight][2 + axis];
        output[2 + axis] = whole - crop_begin[axis] - crop_end[axis];
        require_shapes(
            strides[axis] >= 1 && crop_begin[axis] >= 0 && crop_end[axis] >= 0 && output[2 + axis] >= 1,
            kName, inputs);
    }
    require_shapes(inputs[kBias].empty() || inputs[kBias] == Shape{output[1]}, kName, inputs);
    return in_layout(output, layout);
}

double TransposedConvolution::flops(InputShapes inputs, const Shape&) const {
    const Shape& weight = inputs[kWeight];
    return 2.0 * static_cast<double>(elements(inputs[kX])) *
           static_cast<double>(weight[1] * weight[2] * weight[3]);
}

}  // namespace msst::graph
