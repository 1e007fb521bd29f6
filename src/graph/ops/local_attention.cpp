#include "graph/ops/local_attention.h"

namespace msst::graph {

Shape LocalAttention::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && inputs[0].size() == 3 && heads >= 1 && decays >= 1 &&
                       inputs[0][2] == 3 * width() + heads * decays,
                   kName, inputs);
    return {inputs[0][0], inputs[0][1], width()};
}

double LocalAttention::flops(InputShapes, const Shape& output) const {
    return 4.0 * static_cast<double>(elements(output)) * static_cast<double>(output[1]);
}

}  // namespace msst::graph
