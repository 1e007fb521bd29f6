#include "graph/ops/channel_affine.h"

namespace msst::graph {

Shape ChannelAffine::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 3 && inputs[kX].size() >= 2, kName, inputs);
    const Shape channels = {layout == Layout::channels_last ? inputs[kX].back() : inputs[kX][1]};
    require_shapes(inputs[kScale] == channels && (inputs[kShift].empty() || inputs[kShift] == channels),
                   kName, inputs);
    return inputs[kX];
}

double ChannelAffine::flops(InputShapes, const Shape& output) const {
    return 2.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
