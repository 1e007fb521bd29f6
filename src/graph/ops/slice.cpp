#include "graph/ops/slice.h"

namespace msst::graph {

Shape Slice::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && axis >= 0 && axis < std::ssize(inputs[0]) && first >= 0 &&
                       count >= 1 && first + count <= inputs[0][axis],
                   kName, inputs);
    Shape output = inputs[0];
    output[axis] = count;
    return output;
}

double Slice::flops(InputShapes, const Shape&) const {
    return 0;
}

}  // namespace msst::graph
