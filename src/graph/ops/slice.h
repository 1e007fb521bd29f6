#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Part of one axis.
//
//   input  [..., n, ...]
//   y      [..., count, ...], from `first` on
struct Slice {
    static constexpr const char* kName = "slice";
    static constexpr int kReusedInput = -1;

    int axis = 0;
    int64_t first = 0;
    int64_t count = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
