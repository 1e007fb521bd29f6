#include "graph/ops/value_mix.h"

namespace msst::graph {

Shape ValueMix::infer(InputShapes inputs) const {
    require_shapes(
        inputs.size() == 3 && inputs[0] == inputs[1] && !inputs[0].empty() && inputs[0].back() % heads == 0,
        kName, inputs);
    Shape mix = inputs[0];
    mix.back() = heads;
    require_shapes(inputs[2] == mix, kName, inputs);
    return inputs[0];
}

double ValueMix::flops(InputShapes, const Shape& output) const {
    return 3.0 * static_cast<double>(elements(output));
}

}  // namespace msst::graph
