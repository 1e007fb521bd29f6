#include "graph/ops/gated_residual.h"

namespace msst::graph {

Shape GatedResidual::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 6 && inputs[kX].size() >= 2 && inputs[kHidden].size() >= 2, kName,
                   inputs);
    const int64_t wide = 2 * inputs[kX].back();
    Shape hidden = inputs[kX];
    hidden.back() = inputs[kHidden].back();
    require_shapes(inputs[kHidden] == hidden && inputs[kWeight] == Shape{wide, hidden.back()}, kName, inputs);
    for (const Input input : {kBias, kGain, kShift})
        require_shapes(inputs[input] == Shape{wide}, kName, inputs);
    return inputs[kX];
}

// A product to twice the width; 8 for the norm of each of its numbers, 4 for a gate and 1 for the sum.
double GatedResidual::flops(InputShapes inputs, const Shape& output) const {
    return (4.0 * static_cast<double>(inputs[kHidden].back()) + 2 * 8 + 4 + 1) *
           static_cast<double>(elements(output));
}

}  // namespace msst::graph
