#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The end of a residual branch (Demucs' DConv): a linear layer to twice the width, a norm, a gate, a sum.
//
//   inputs  x       [n, …, channels]
//           hidden  [n, …, in]          the axes between are x's
//           weight  [2 channels, in]
//           bias    [2 channels]
//           gain    [2 channels]
//           shift   [2 channels]
//   y       as x = x + a * sigmoid(b), where a and b are the two halves of
//           (z - mean) / sqrt(variance + epsilon) * gain + shift and z = weight hidden + bias;
//           may take x's memory
//
// Mean and (biased) variance are those of everything in a sample of z, [n, …, 2 channels].
struct GatedResidual {
    static constexpr const char* kName = "gated_residual";
    static constexpr int kReusedInput = 0;
    enum Input { kX, kHidden, kWeight, kBias, kGain, kShift };

    float epsilon = 1e-5f;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
