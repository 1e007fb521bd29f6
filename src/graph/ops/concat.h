#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The inputs one after another along one axis.
//
//   inputs  [..., n_i, ...], the same along every other axis
//   y       [..., sum n_i, ...]
struct Concat {
    static constexpr const char* kName = "concat";
    static constexpr int kReusedInput = -1;

    int axis = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
