#include "graph/ops/linear_attention.h"

namespace msst::graph {

Shape LinearAttention::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 2 && inputs[0].size() == 2 && inputs[0][1] == 3 * heads * head_dim &&
                       inputs[1] == Shape{heads},
                   kName, inputs);
    return {inputs[0][0], heads * head_dim};
}

double LinearAttention::flops(InputShapes, const Shape& output) const {
    return 4.0 * static_cast<double>(elements(output)) * static_cast<double>(head_dim);
}

}  // namespace msst::graph
