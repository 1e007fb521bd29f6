#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A gated linear unit, as PyTorch's nn.GLU: the first half of an axis times the sigmoid of its second half.
//
//   input  [..., 2 n, ...]
//   y      [..., n, ...]
struct Glu {
    static constexpr const char* kName = "glu";
    static constexpr int kReusedInput = -1;

    int axis = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
