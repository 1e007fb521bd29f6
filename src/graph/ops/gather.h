#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Rows of the middle axis by number, repeats allowed.
//
//   input  [a, n, w]
//   y      [a, indices, w], y[:, i, :] = x[:, indices[i], :]
struct Gather {
    static constexpr const char* kName = "gather";
    static constexpr int kReusedInput = -1;

    std::vector<int64_t> indices;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
