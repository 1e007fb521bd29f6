#include "graph/ops/linear.h"

namespace msst::graph {

Shape Linear::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 4 && !inputs[kX].empty() && inputs[kWeight].size() == 2 &&
                       inputs[kWeight][1] == inputs[kX].back(),
                   kName, inputs);
    Shape output = inputs[kX];
    output.back() = inputs[kWeight][0];
    require_shapes(inputs[kBias].empty() || inputs[kBias] == Shape{output.back()}, kName, inputs);
    require_shapes(inputs[kResidual].empty() || inputs[kResidual] == output, kName, inputs);
    return output;
}

double Linear::flops(InputShapes inputs, const Shape& output) const {
    return 2.0 * static_cast<double>(elements(output)) * static_cast<double>(inputs[kWeight][1]);
}

}  // namespace msst::graph
