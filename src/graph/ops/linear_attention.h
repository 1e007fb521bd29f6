#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Attention among the features of a head instead of among positions (the roformers' "linear transformer").
//
//   inputs  qkv          [rows, 3 * heads * head_dim]  q, k, v, each head-major
//           temperature  [heads]
//   y       [rows, heads * head_dim]
//
// For each head, with q, k, v as [head_dim, rows]: q and k are divided by their norm along the rows (at least
// 1e-12), q is multiplied by exp(temperature); y = softmax(8 q k^T) v.
struct LinearAttention {
    static constexpr const char* kName = "linear_attention";
    static constexpr int kReusedInput = -1;
    static constexpr float kScale = 8;

    int64_t heads = 1;
    int64_t head_dim = 1;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
