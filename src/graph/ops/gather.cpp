#include "graph/ops/gather.h"

namespace msst::graph {

Shape Gather::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && inputs[0].size() == 3, kName, inputs);
    for (const int64_t index : indices) require_shapes(index >= 0 && index < inputs[0][1], kName, inputs);
    return {inputs[0][0], std::ssize(indices), inputs[0][2]};
}

double Gather::flops(InputShapes, const Shape&) const {
    return 0;
}

}  // namespace msst::graph
