#pragma once

#include <string>

#include "graph/graph.h"
#include "model/weights.h"

// What Demucs v3 has inside of its residual branches, and what its branches need of weights. Rows are
// [sequences, frames, channels].

namespace msst::model {

// Two bidirectional LSTM layers and a linear one, added to x. Long sequences go through in overlapping pieces
// of 200 frames, of which the middle halves are kept.
graph::TensorId append_demucs_lstm(graph::Graph& graph, WeightReader& weights, graph::TensorId x,
                                   const std::string& name);

// Local attention (LocalState) of 4 heads with 4 decays each, added to x.
graph::TensorId append_demucs_attention(graph::Graph& graph, WeightReader& weights, graph::TensorId x,
                                        const std::string& name);

// Gains or biases of 2 * channels values, the first half multiplied by the layer scale [channels].
graph::Constant scaled_half(WeightReader& weights, const std::string& name, const std::string& scale,
                            int64_t channels);

}  // namespace msst::model
