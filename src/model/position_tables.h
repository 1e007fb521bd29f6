#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"

// Tables of cosines and sines for graph::Attention, computed when they are compiled.

namespace msst::model {

using Values = std::function<std::vector<float>()>;

// Nominal rotary frequencies, 10000^(-2r / head_dim), [head_dim / 2]: for weights that hold none.
Values nominal_rotary_frequencies(int64_t head_dim);

// frequencies [head_dim / 2] -> [2, length, head_dim]. Fewer frequencies: the rest of a head is not turned.
graph::Constant rotary_table(std::string name, int64_t length, int64_t head_dim, Values frequencies);

// Learned tables [length, head_dim] each -> [2, length, head_dim].
graph::Constant learned_rotary_table(std::string name, int64_t length, int64_t head_dim, Values cosine,
                                     Values sine);

// frequencies [head_dim], bias [heads, head_dim] -> [2, 1 + heads, length, head_dim]. The phase of keys is
// shifted by the bias, clamped to -2 pi … 0.
graph::Constant polar_table(std::string name, int64_t length, int64_t heads, int64_t head_dim,
                            Values frequencies, Values bias);

}  // namespace msst::model
