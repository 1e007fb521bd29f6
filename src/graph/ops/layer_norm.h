#pragma once

#include "graph/shape.h"

namespace msst::graph {

// PyTorch's nn.LayerNorm over the last axis.
//
//   inputs  x     [..., width]
//           gain  [width]
//           bias  [width]
//   y       [..., width] = (x - mean) / sqrt(variance + epsilon) * gain + bias; the variance is the biased
//           one; may take x's memory
struct LayerNorm {
    static constexpr const char* kName = "layer_norm";
    static constexpr int kReusedInput = 0;

    float epsilon = 1e-5f;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
