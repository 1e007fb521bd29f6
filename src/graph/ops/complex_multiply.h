#pragma once

#include "graph/shape.h"

namespace msst::graph {

// y = a * b, complex numbers as pairs (re, im) in the last axis.
//
//   inputs  a, b  [..., 2] of one shape
//   y       of that shape
struct ComplexMultiply {
    static constexpr const char* kName = "complex_multiply";
    static constexpr int kReusedInput = -1;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
