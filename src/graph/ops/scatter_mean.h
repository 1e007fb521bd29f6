#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The inverse of Gather: rows are added to the row they came from and divided by how many came to it.
//
//   input  [a, indices, w]
//   y      [a, rows, w]; rows that no index names are zero
struct ScatterMean {
    static constexpr const char* kName = "scatter_mean";
    static constexpr int kReusedInput = -1;

    std::vector<int64_t> indices;
    int64_t rows = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
