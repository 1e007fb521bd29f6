#pragma once

#include "graph/shape.h"

namespace msst::graph {

// y = a + b, elementwise.
//
//   inputs  a, b of one shape
//   y       of that shape; may take a's memory
struct Add {
    static constexpr const char* kName = "add";
    static constexpr int kReusedInput = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
