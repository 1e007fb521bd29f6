#pragma once

#include "graph/activation.h"
#include "graph/layout.h"
#include "graph/shape.h"

namespace msst::graph {

// A factor and a summand for every channel: a norm with running statistics, or a layer scale.
//
//   inputs  x      [n, channels, …]
//           scale  [channels]
//           shift  [channels]  optional
//   y       [n, channels, …] = activation(x * scale + shift); may take x's memory
//
// With channels last, x and y are [n, …, channels].
struct ChannelAffine {
    static constexpr const char* kName = "channel_affine";
    static constexpr int kReusedInput = 0;
    enum Input { kX, kScale, kShift };

    Activation activation;
    Layout layout = Layout::channels_first;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
