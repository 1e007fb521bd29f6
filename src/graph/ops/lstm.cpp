#include "graph/ops/lstm.h"

namespace msst::graph {

Shape Lstm::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 4 && (sequence_axis == 0 || sequence_axis == 1), kName, inputs);
    const Shape& x = inputs[kX];
    const Shape& hidden_weight = inputs[kHiddenWeight];
    require_shapes(x.size() == 3 && hidden_weight.size() == 3, kName, inputs);
    const int64_t directions = hidden_weight[0];
    const int64_t hidden = hidden_weight[2];
    require_shapes((directions == 1 || directions == 2) && hidden_weight[1] == 4 * hidden, kName, inputs);
    require_shapes(inputs[kInputWeight] == Shape{directions, 4 * hidden, x[2]}, kName, inputs);
    require_shapes(inputs[kBias].empty() || inputs[kBias] == Shape{directions, 2, 4 * hidden}, kName, inputs);
    return {x[0], x[1], directions * hidden};
}

double Lstm::flops(InputShapes inputs, const Shape& output) const {
    const int64_t width = inputs[kX][2] + inputs[kHiddenWeight][2];
    return 8.0 * static_cast<double>(elements(output)) * static_cast<double>(width);
}

}  // namespace msst::graph
