#include "graph/ops/concat.h"

namespace msst::graph {

Shape Concat::infer(InputShapes inputs) const {
    require_shapes(!inputs.empty() && axis >= 0 && axis < std::ssize(inputs[0]), kName, inputs);
    Shape output = inputs[0];
    output[axis] = 0;
    for (const Shape& input : inputs) {
        require_shapes(input.size() == output.size(), kName, inputs);
        Shape same = input;
        same[axis] = output[axis];
        require_shapes(same == output, kName, inputs);
        output[axis] += input[axis];
    }
    return output;
}

double Concat::flops(InputShapes, const Shape&) const {
    return 0;
}

}  // namespace msst::graph
