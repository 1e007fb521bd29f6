#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A linear layer over the last axis but one: every matrix of x is multiplied from the left.
//
//   inputs  x         [..., in, columns]
//           weight    [out, in]
//           residual  [..., out, columns]  optional
//   y       [..., out, columns] = residual + weight x; may take residual's memory
struct ColumnLinear {
    static constexpr const char* kName = "column_linear";
    static constexpr int kReusedInput = 2;
    enum Input { kX, kWeight, kResidual };

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
