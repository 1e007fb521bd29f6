#include "graph/ops/rms_norm.h"

namespace msst::graph {

Shape RmsNorm::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 2 && !inputs[0].empty() && inputs[1] == Shape{inputs[0].back()}, kName,
                   inputs);
    return inputs[0];
}

double RmsNorm::flops(InputShapes, const Shape& output) const {
    return 4.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
