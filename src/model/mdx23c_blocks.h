#pragma once

#include <string>

#include "graph/graph.h"
#include "model/mdx23c_structure.h"

namespace msst::model {

// The layers of an MDX23C network. Tensors are [1, time, bins, channels]: with the channels last, as
// convolutions are fastest. Names are those of the weights, with their dot at the end.
class Mdx23cBlocks {
public:
    Mdx23cBlocks(graph::Graph& graph, WeightReader& weights, const Mdx23cStructure& structure)
        : graph_(graph), weights_(weights), structure_(structure) {}

    // All blocks of a scale; `out` channels come out.
    graph::TensorId append_scale(graph::TensorId x, int64_t out, const std::string& name);

    // To the next smaller or larger scale, with `out` channels.
    graph::TensorId append_downscale(graph::TensorId x, int64_t out, const std::string& name);
    graph::TensorId append_upscale(graph::TensorId x, int64_t out, const std::string& name);

    // y = residual + activation(convolution); of size x size, padded to keep the bins.
    graph::TensorId append_convolution(graph::TensorId x, int64_t out, int64_t size, const std::string& name,
                                       graph::TensorId residual = {}, graph::Activation activation = {});

private:
    graph::TensorId append_block(graph::TensorId x, int64_t out, const std::string& name);
    graph::TensorId append_norm(graph::TensorId x, const std::string& name);  // and the activation
    graph::TensorId append_batch_norm(graph::TensorId x, const std::string& name);
    graph::TensorId append_linear(graph::TensorId x, int64_t out, const std::string& name,
                                  graph::TensorId residual = {});

    int64_t bins_of(graph::TensorId x) const { return graph_.shape(x)[2]; }
    int64_t channels_of(graph::TensorId x) const { return graph_.shape(x)[3]; }

    graph::Graph& graph_;
    WeightReader& weights_;
    const Mdx23cStructure& structure_;
};

}  // namespace msst::model
