#include "graph/ops/multiply.h"

#include "base/error.h"

namespace msst::graph {

Shape Multiply::infer(InputShapes inputs) const {
    require_shapes(inputs.size() == 2 && can_be_repeated(inputs[1], inputs[0]), kName, inputs);
    return inputs[0];
}

double Multiply::flops(InputShapes, const Shape& output) const {
    return static_cast<double>(elements(output));
}

bool can_be_repeated(const Shape& shape, const Shape& whole) {
    bool fits = shape.size() <= whole.size();
    for (size_t back = 1; fits && back <= shape.size(); ++back) {
        const int64_t size = shape[shape.size() - back];
        fits = size == 1 || size == whole[whole.size() - back];
    }
    return fits;
}

std::vector<int64_t> repeated_strides(const Shape& shape, const Shape& whole) {
    check(shape.size() <= whole.size(), "a tensor with more axes cannot be repeated to one with fewer");
    std::vector<int64_t> strides(whole.size(), 0);
    const size_t missing = whole.size() - shape.size();
    int64_t stride = 1;
    for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) {
        check(shape[axis] == 1 || shape[axis] == whole[missing + axis],
              "an axis can only be repeated from 1");
        strides[missing + axis] = shape[axis] == 1 ? 0 : stride;
    }
    return strides;
}

}  // namespace msst::graph
