#include "graph/ops/complex_multiply.h"

namespace msst::graph {

Shape ComplexMultiply::infer(InputShapes inputs) const {
    require_shapes(
        inputs.size() == 2 && inputs[0] == inputs[1] && !inputs[0].empty() && inputs[0].back() == 2, kName,
        inputs);
    return inputs[0];
}

double ComplexMultiply::flops(InputShapes, const Shape& output) const {
    return 3.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
