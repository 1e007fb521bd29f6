#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Attention that falls off with distance and never sees the position itself (Demucs v3's LocalState).
//
//   input  [lanes, length, 3 width + heads * decays], width = heads * head_dim: query, key and content, each
//          head-major, then for every head the query's rates of decay
//   y      [lanes, length, width]
//
// Every lane and head by itself. The score of query s for key t is
//   q_s . k_t / sqrt(head_dim) - |t - s| sum_f f sigmoid(rate_f of s) / (2 sqrt(decays)),  f = 1 … decays,
// and -100 where t is s; y_s is the mean of the content, weighted by the softmax over t.
struct LocalAttention {
    static constexpr const char* kName = "local_attention";
    static constexpr int kReusedInput = -1;
    static constexpr float kSelfScore = -100;

    int64_t heads = 1;
    int64_t head_dim = 1;
    int64_t decays = 1;

    int64_t width() const { return heads * head_dim; }

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
