#include "graph/ops/group_norm.h"

namespace msst::graph {

Shape GroupNorm::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && inputs[kX].size() >= 2 && groups >= 1 && inputs[kX][1] % groups == 0,
                   kName, inputs);
    const Shape channels = {inputs[kX][1]};
    for (const Input input : {kWeight, kBias})
        require_shapes(inputs[input].empty() || inputs[input] == channels, kName, inputs);
    return inputs[kX];
}

double GroupNorm::flops(InputShapes, const Shape& output) const {
    return 8.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
