#include "graph/ops/scatter_mean.h"

namespace msst::graph {

Shape ScatterMean::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && inputs[0].size() == 3 && inputs[0][1] == std::ssize(indices), kName,
                   inputs);
    for (const int64_t index : indices) require_shapes(index >= 0 && index < rows, kName, inputs);
    return {inputs[0][0], rows, inputs[0][2]};
}

double ScatterMean::flops(InputShapes inputs, const Shape&) const {
    return static_cast<double>(elements(inputs[0]));
}

}  // namespace msst::graph
