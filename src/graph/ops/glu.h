#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A gated linear unit: the first half of an axis times the gate of its second half. As PyTorch's nn.GLU with
// the sigmoid as the gate; with x * sigmoid(x) it is what is called SwiGLU.
//
//   input  [..., 2 n, ...]
//   y      [..., n, ...]
struct Glu {
    static constexpr const char* kName = "glu";
    static constexpr int kReusedInput = -1;

    enum class Gate { sigmoid, silu };

    int axis = 0;
    Gate gate = Gate::sigmoid;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
