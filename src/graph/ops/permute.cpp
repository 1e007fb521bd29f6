#include "graph/ops/permute.h"

#include <algorithm>

namespace msst::graph {

Shape Permute::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 1 && inputs[0].size() == order.size(), kName, inputs);
    Shape output;
    for (int axis = 0; axis < std::ssize(order); ++axis) {
        require_shapes(std::ranges::count(order, axis) == 1, kName, inputs);
        output.push_back(inputs[0][order[axis]]);
    }
    return output;
}

double Permute::flops(InputShapes, const Shape&) const {
    return 0;
}

std::vector<int64_t> Permute::input_strides(const Shape& input) const {
    std::vector<int64_t> dense(input.size(), 1);
    for (size_t axis = input.size(); axis-- > 1;) dense[axis - 1] = dense[axis] * input[axis];
    std::vector<int64_t> strides;
    strides.reserve(order.size());
    for (const int axis : order) strides.push_back(dense[axis]);
    return strides;
}

}  // namespace msst::graph
