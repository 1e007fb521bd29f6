#pragma once

#include <array>

#include "graph/activation.h"
#include "graph/layout.h"
#include "graph/shape.h"

namespace msst::graph {

// A transposed convolution over the last two axes, as PyTorch's nn.ConvTranspose2d: every input element adds
// the kernel times itself to the output, `strides` apart. One-dimensional ones have H = 1.
//
//   inputs  x       [n, in, h, w]
//           weight  [in, out, kernel h, kernel w]
//           bias    [out]  optional
//   y       [n, out, h', w'] = activation(weight *T x + bias)
//
// With channels last, x and y are [n, h, w, channels]; the weight stays as it is.
//
// h' = (h - 1) stride + kernel - crop_begin - crop_end: PyTorch's padding p, output_padding o is crop_begin
// p, crop_end p - o.
struct TransposedConvolution {
    static constexpr const char* kName = "transposed_convolution";
    static constexpr int kReusedInput = -1;
    enum Input { kX, kWeight, kBias };

    // Per axis (h, w).
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> crop_begin = {0, 0};
    std::array<int64_t, 2> crop_end = {0, 0};
    Activation activation;
    Layout layout = Layout::channels_first;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
