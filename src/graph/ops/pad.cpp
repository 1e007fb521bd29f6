#include "graph/ops/pad.h"

namespace msst::graph {

Shape Pad::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && !inputs[0].empty() && inputs[0].size() == begin.size() &&
                       inputs[0].size() == end.size(),
                   kName, inputs);
    Shape output = inputs[0];
    for (size_t axis = 0; axis < output.size(); ++axis) {
        output[axis] += begin[axis] + end[axis];
        require_shapes(output[axis] >= 1, kName, inputs);
    }
    return output;
}

double Pad::flops(InputShapes, const Shape&) const {
    return 0;
}

}  // namespace msst::graph
