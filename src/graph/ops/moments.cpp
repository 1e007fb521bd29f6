#include "graph/ops/moments.h"

namespace msst::graph {

Shape Moments::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && elements(inputs[0]) >= 2, kName, inputs);
    return {2};
}

double Moments::flops(InputShapes inputs, const Shape&) const {
    return 4.0 * static_cast<double>(elements(inputs[0]));
}

}  // namespace msst::graph
