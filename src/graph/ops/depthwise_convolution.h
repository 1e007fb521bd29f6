#pragma once

#include "graph/activation.h"
#include "graph/shape.h"

namespace msst::graph {

// A convolution along one of two axes, every channel by itself, as PyTorch's nn.Conv1d with groups = channels
// and as much padding as keeps the length. What follows it is fused; a batch norm is folded into its weights.
//
//   inputs  x       [a, b, channels]
//           weight  [channels, kernel], kernel odd
//           bias    [channels]
//   y       [a, b, channels] = activation(bias + sum over k of weight[k] * x[i + k - kernel / 2]),
//           i along `axis` (0: a, 1: b), zero beyond its ends
struct DepthwiseConvolution {
    static constexpr const char* kName = "depthwise_convolution";
    static constexpr int kReusedInput = -1;

    int axis = 0;
    Activation activation;  // none or silu

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
