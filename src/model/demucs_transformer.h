#pragma once

#include <string>

#include "graph/graph.h"
#include "model/demucs_structure.h"

namespace msst::model {

// The transformer between encoder and decoder of an htdemucs: each branch looks at itself and, every other
// layer, at the other branch.
class DemucsTransformer {
public:
    struct Branches {
        graph::TensorId spectrum;  // [1, bins, frames, channels]
        graph::TensorId waveform;  // [1, 1, samples, channels]
    };

    DemucsTransformer(graph::Graph& graph, WeightReader& weights, const DemucsStructure& structure)
        : graph_(graph), weights_(weights), structure_(structure) {}

    // The channels are widened to the bottom's before and narrowed after, if the network has one.
    Branches append(Branches x);

private:
    // Tokens of a branch are [tokens, 1, width]; those of the spectrum come bin by bin. Their order changes
    // nothing but which position is added to them.
    graph::TensorId append_layer(graph::TensorId x, const std::string& name);
    graph::TensorId append_cross_layer(graph::TensorId x, graph::TensorId other, const std::string& name);
    graph::TensorId append_feed_forward(graph::TensorId x, const std::string& name, const std::string& norm);
    graph::TensorId append_out(graph::TensorId heads, graph::TensorId residual, const std::string& weights,
                               const std::string& scale);
    graph::TensorId append_projection(graph::TensorId x, const std::string& name, int64_t first_part,
                                      int64_t parts);
    graph::TensorId append_norm(graph::TensorId x, const std::string& name);
    graph::TensorId append_norm_out(graph::TensorId x, const std::string& name);
    graph::TensorId append_width_change(graph::TensorId x, const std::string& name, int64_t width);
    graph::TensorId append_norm_in(graph::TensorId x, const std::string& name, graph::Constant positions);
    graph::TensorId take(const std::string& name, const graph::Shape& shape);

    graph::Graph& graph_;
    WeightReader& weights_;
    const DemucsStructure& structure_;
};

}  // namespace msst::model
