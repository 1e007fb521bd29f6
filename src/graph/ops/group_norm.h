#pragma once

#include "graph/activation.h"
#include "graph/layout.h"
#include "graph/shape.h"

namespace msst::graph {

// PyTorch's nn.GroupNorm and what usually follows it. One group: a norm over everything of a sample; as many
// groups as channels: nn.InstanceNorm.
//
//   inputs  x       [n, channels, …]
//           weight  [channels]  optional
//           bias    [channels]  optional
//   y       [n, channels, …] = activation((x - mean) / sqrt(variance + epsilon) * weight + bias); may take
//   x's
//           memory
//
// With channels last, x and y are [n, …, channels].
//
// Mean and (biased) variance are those of channels / groups neighbouring channels with everything behind
// them.
struct GroupNorm {
    static constexpr const char* kName = "group_norm";
    static constexpr int kReusedInput = 0;
    enum Input { kX, kWeight, kBias };

    int64_t groups = 1;
    float epsilon = 1e-5f;
    Activation activation;
    Layout layout = Layout::channels_first;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
