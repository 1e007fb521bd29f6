#include "graph/ops/activate.h"

namespace msst::graph {

Shape Activate::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1, kName, inputs);
    return inputs[0];
}

double Activate::flops(InputShapes, const Shape& output) const {
    return static_cast<double>(elements(output));
}

}  // namespace msst::graph
