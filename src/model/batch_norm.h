#pragma once

#include <string>

#include "graph/graph.h"
#include "model/weights.h"

namespace msst::model {

// A convolution with the batch norm that follows it.
struct FoldedConvolution {
    graph::Constant weight;
    graph::Constant bias;  // [channels]
};

// What the convolution `convolution` (weight of `shape`, channels first, and bias) and the batch norm `norm`
// with its running statistics compute together. A norm without any weights was folded before the file was
// written.
FoldedConvolution fold_batch_norm(WeightReader& weights, const std::string& convolution,
                                  const std::string& norm, const graph::Shape& shape);

}  // namespace msst::model
