#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Zeros before and behind an axis; a negative number of them removes elements.
//
//   input  any shape
//   y      axis i has begin[i] + size + end[i] elements, at least 1
struct Pad {
    static constexpr const char* kName = "pad";
    static constexpr int kReusedInput = -1;

    std::vector<int64_t> begin;  // per axis
    std::vector<int64_t> end;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
