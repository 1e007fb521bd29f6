#pragma once

#include "graph/shape.h"

namespace msst::graph {

// y = a * b, elementwise; b is repeated along the axes where it has size 1, or that it lacks in front.
//
//   inputs  a  any shape
//           b  as a from the last axis on, each axis of a's size or 1
//   y       of a's shape; may take a's memory
struct Multiply {
    static constexpr const char* kName = "multiply";
    static constexpr int kReusedInput = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

// Whether a tensor of this shape becomes one of `whole` where its axes of size 1, and those that it lacks in
// front, are repeated.
bool can_be_repeated(const Shape& shape, const Shape& whole);

// Elements between neighbours along each axis of `whole` in a dense tensor that is repeated to it; 0 where it
// is repeated. Throws Error(internal) if it cannot be.
std::vector<int64_t> repeated_strides(const Shape& shape, const Shape& whole);

}  // namespace msst::graph
