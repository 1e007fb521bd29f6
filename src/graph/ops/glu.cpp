#include "graph/ops/glu.h"

namespace msst::graph {

Shape Glu::infer(InputShapes inputs) const {
    require_shapes(
        inputs.size() == 1 && axis >= 0 && axis < std::ssize(inputs[0]) && inputs[0][axis] % 2 == 0, kName,
        inputs);
    Shape output = inputs[0];
    output[axis] /= 2;
    return output;
}

double Glu::flops(InputShapes, const Shape& output) const {
    return 4.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
