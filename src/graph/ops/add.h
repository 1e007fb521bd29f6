#pragma once

#include "graph/shape.h"

namespace msst::graph {

// y = a + b, elementwise; b is repeated along the axes where it has size 1, or that it lacks in front.
//
//   inputs  a  any shape
//           b  as a from the last axis on, each axis of a's size or 1
//   y       of a's shape; may take a's memory
struct Add {
    static constexpr const char* kName = "add";
    static constexpr int kReusedInput = 0;

    // Summands and sum need no more digits than the factors of products have: a convolution reads the sum
    // next, and it is no part of a residual stream.
    bool is_narrow = false;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
