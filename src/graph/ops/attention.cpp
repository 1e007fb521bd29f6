#include "graph/ops/attention.h"

namespace msst::graph {

Shape Attention::infer(InputShapes inputs) const {
    require_shapes((inputs.size() == 4 || inputs.size() == 5) && (sequence_axis == 0 || sequence_axis == 1),
                   kName, inputs);
    const Shape& qk = inputs[kQk];
    const Shape& v = inputs[kV];
    const Shape& gates = inputs[kGates];
    const Shape& keys = inputs[keys_input(inputs)];
    require_shapes(qk.size() == 3 && v.size() == 3 && keys.size() == 3 && keys[0] == v[0] &&
                       keys[1] == v[1] && keys[1 - sequence_axis] == qk[1 - sequence_axis],
                   kName, inputs);
    require_shapes(keys_input(inputs) == kQk || (position == Position::none && window == 0), kName, inputs);
    const int64_t width = heads * head_dim;
    require_shapes(q_at + width <= qk[2] && k_at + width <= keys[2] && v_at + width <= v[2], kName, inputs);
    require_shapes(gates.empty() || (gates.size() == 3 && gates[0] == qk[0] && gates[1] == qk[1] &&
                                     gates_at + heads <= gates[2]),
                   kName, inputs);
    const int64_t length = qk[sequence_axis];
    const Shape rotary = {2, length, head_dim};
    const Shape polar = {2, 1 + heads, length, head_dim};
    require_shapes(inputs[kPosition] == (position == Position::none     ? Shape()
                                         : position == Position::rotary ? rotary
                                                                        : polar),
                   kName, inputs);
    require_shapes(position != Position::rotary || head_dim % 2 == 0, kName, inputs);
    return {qk[0], qk[1], width};
}

double Attention::flops(InputShapes inputs, const Shape& output) const {
    const double keys = static_cast<double>(inputs[kV][sequence_axis]);
    const double score_width = position == Position::polar ? 2.0 : 1.0;
    return static_cast<double>(elements(output)) * keys * 2.0 * (score_width + 1.0);
}

}  // namespace msst::graph
