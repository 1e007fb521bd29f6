#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A norm over a whole tensor with a gain and a bias for each column: PyTorch's nn.GroupNorm with one group on
// tokens whose channels come last.
//
//   inputs  x     [..., width]
//           gain  [width]
//           bias  [width]
//   y       [..., width] = (x - mean) / sqrt(variance + epsilon) * gain + bias, mean and (biased) variance
//           those of all elements; may take x's memory
struct TensorNorm {
    static constexpr const char* kName = "tensor_norm";
    static constexpr int kReusedInput = 0;

    float epsilon = 1e-5f;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
