#pragma once

#include <array>

#include "graph/activation.h"
#include "graph/layout.h"
#include "graph/shape.h"

namespace msst::graph {

// A convolution over the last two axes, as PyTorch's nn.Conv2d, with what usually follows it. One-dimensional
// ones have H = 1.
//
//   inputs  x         [n, in, h, w]
//           weight    [out, in / groups, kernel h, kernel w]
//           bias      [out]                optional
//           residual  [n, out, h', w']     optional
//   y       [n, out, h', w'] = residual + activation(weight * x + bias); may take residual's memory
//
// Gated, y has half as many channels: the first half of `out` times the sigmoid of the second one. That needs
// channels last, and there is neither an activation nor a residual then.
//
// With channels last, x, residual and y are [n, h, w, channels]; the weight stays as it is.
//
// h' = (h + pads - dilation (kernel - 1) - 1) / stride + 1, rounded down; padding is zeros.
struct Convolution {
    static constexpr const char* kName = "convolution";
    static constexpr int kReusedInput = 3;
    enum Input { kX, kWeight, kBias, kResidual };

    // Per axis (h, w).
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 2> pad_begin = {0, 0};
    std::array<int64_t, 2> pad_end = {0, 0};
    int64_t groups = 1;  // `in` of them: depthwise
    bool is_sensitive =
        false;  // a backend keeps its factors in float32: rounding them costs more than elsewhere
    Activation activation;
    bool is_gated = false;
    Layout layout = Layout::channels_first;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
