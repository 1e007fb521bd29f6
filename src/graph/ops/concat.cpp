#include "graph/ops/concat.h"

#include <algorithm>

namespace msst::graph {

Shape Concat::infer(InputShapes inputs) const {
    require_shapes(!inputs.empty() && !inputs[0].empty(), kName, inputs);
    Shape output = inputs[0];
    output[0] = 0;
    for (const Shape& input : inputs) {
        require_shapes(
            input.size() == output.size() && std::equal(input.begin() + 1, input.end(), output.begin() + 1),
            kName, inputs);
        output[0] += input[0];
    }
    return output;
}

double Concat::flops(InputShapes, const Shape&) const {
    return 0;
}

}  // namespace msst::graph
