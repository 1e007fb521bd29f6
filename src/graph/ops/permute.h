#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The axes in another order: PyTorch's permute.
//
//   input  any shape
//   y      axis i is the input's axis order[i]
struct Permute {
    static constexpr const char* kName = "permute";
    static constexpr int kReusedInput = -1;

    std::vector<int> order;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;

    // Elements between neighbours along each axis of y in the dense input.
    std::vector<int64_t> input_strides(const Shape& input) const;
};

}  // namespace msst::graph
