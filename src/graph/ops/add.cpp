#include "graph/ops/add.h"

#include "graph/ops/multiply.h"

namespace msst::graph {

Shape Add::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 2 && can_be_repeated(inputs[1], inputs[0]), kName, inputs);
    return inputs[0];
}

double Add::flops(InputShapes, const Shape& output) const {
    return static_cast<double>(elements(output));
}

}  // namespace msst::graph
