#pragma once

#include "graph/shape.h"

namespace msst::graph {

// One layer of PyTorch's nn.LSTM over one of two axes, every row of the other axis a sequence by itself.
// States begin as zero. From the numbers of a step and the hidden state h of the step before:
//
//   i, f, g, o = input_weight x + hidden_weight h + both biases
//   c = sigmoid(f) c + sigmoid(i) tanh(g)
//   h = sigmoid(o) tanh(c)
//
//   inputs  x              [a, b, in]
//           input_weight   [directions, 4 hidden, in]      one direction, or forward and backward
//           hidden_weight  [directions, 4 hidden, hidden]
//           bias           [directions, 2, 4 hidden]       optional: bias_ih, bias_hh
//   y       [a, b, directions * hidden], backward behind forward; step t of y is h after step t of x
//
// `sequence_axis`: which axis of x counts steps, 0 (a) or 1 (b).
struct Lstm {
    static constexpr const char* kName = "lstm";
    static constexpr int kReusedInput = -1;
    enum Input { kX, kInputWeight, kHiddenWeight, kBias };

    int sequence_axis = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
