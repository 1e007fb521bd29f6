#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The same numbers in another shape; costs nothing, y is x.
//
//   input  any shape
//   y      [shape], as many elements
struct Reshape {
    static constexpr const char* kName = "reshape";
    static constexpr int kReusedInput = -1;

    Shape shape;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
