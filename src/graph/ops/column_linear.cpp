#include "graph/ops/column_linear.h"

namespace msst::graph {

Shape ColumnLinear::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && inputs[kX].size() >= 2 && inputs[kWeight].size() == 2, kName,
                   inputs);
    Shape output = inputs[kX];
    int64_t& rows = output[output.size() - 2];
    require_shapes(rows == inputs[kWeight][1], kName, inputs);
    rows = inputs[kWeight][0];
    require_shapes(inputs[kResidual].empty() || inputs[kResidual] == output, kName, inputs);
    return output;
}

double ColumnLinear::flops(InputShapes inputs, const Shape& output) const {
    return 2.0 * static_cast<double>(elements(output)) * static_cast<double>(inputs[kWeight][1]);
}

}  // namespace msst::graph
