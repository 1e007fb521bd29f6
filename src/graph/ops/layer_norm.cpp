#include "graph/ops/layer_norm.h"

namespace msst::graph {

Shape LayerNorm::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && !inputs[0].empty() && inputs[1] == Shape{inputs[0].back()} &&
                       inputs[2] == inputs[1],
                   kName, inputs);
    return inputs[0];
}

double LayerNorm::flops(InputShapes, const Shape& output) const {
    return 7.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
