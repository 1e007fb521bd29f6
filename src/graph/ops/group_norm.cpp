#include "graph/ops/group_norm.h"

namespace msst::graph {

Shape GroupNorm::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && inputs[kX].size() >= 2 && groups >= 1, kName, inputs);
    const bool is_last = layout == Layout::channels_last;
    const Shape channels = {is_last ? inputs[kX].back() : inputs[kX][1]};
    require_shapes(channels[0] % groups == 0, kName, inputs);
    for (const Input input : {kWeight, kBias})
        require_shapes(inputs[input].empty() || inputs[input] == channels, kName, inputs);
    return inputs[kX];
}

double GroupNorm::flops(InputShapes, const Shape& output) const {
    return 8.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
