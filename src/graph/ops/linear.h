#pragma once

#include "graph/activation.h"
#include "graph/shape.h"

namespace msst::graph {

// A linear layer over the last axis, as PyTorch's nn.Linear, with what usually follows it.
//
//   inputs  x         [..., in]
//           weight    [out, in]
//           bias      [out]       optional
//           residual  [..., out]  optional
//   y       [..., out] = residual + activation(x weight^T + bias); may take residual's memory
struct Linear {
    static constexpr const char* kName = "linear";
    static constexpr int kReusedInput = 3;
    enum Input { kX, kWeight, kBias, kResidual };

    Activation activation = Activation::none;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
