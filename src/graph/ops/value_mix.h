#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Value residual learning: each head's values drift towards those of the first block.
//
//   inputs  v      [..., heads * head_dim]
//           first  [..., heads * head_dim]
//           mix    [..., heads]
//   y       [..., heads * head_dim] = v + sigmoid(mix of the head) * (first - v); may take v's memory
struct ValueMix {
    static constexpr const char* kName = "value_mix";
    static constexpr int kReusedInput = 0;

    int64_t heads = 1;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
