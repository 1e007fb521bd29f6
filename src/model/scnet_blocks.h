#pragma once

#include <string>
#include <vector>

#include "model/network.h"
#include "model/scnet_structure.h"

// The parts of an SCNet. Tensors are [1, bins, frames, channels]: a band is one piece of memory, and so is a
// bin, over which the modules of the encoder run.

namespace msst::model {

constexpr int kScnetChannels = 3;  // the axis

class ScnetBlocks {
public:
    ScnetBlocks(graph::Graph& graph, WeightReader& weights, const ScnetStructure& structure)
        : graph_(graph), weights_(weights), structure_(structure) {}

    // What a level of the encoder leaves for its level of the decoder.
    struct Skip {
        graph::TensorId x;
        ScnetBands bands;
    };

    // Returns the next level's input; fills `skip`.
    graph::TensorId append_encoder_level(graph::TensorId x, int64_t level, Skip& skip);

    // All dual-path layers.
    graph::TensorId append_separation(graph::TensorId x);

    // level: as the encoder counts.
    graph::TensorId append_decoder_level(graph::TensorId x, int64_t level, const Skip& skip);

    // Of scnet_masked: [1, bins, frames, 4 sources] -> masks of that shape.
    graph::TensorId append_mask_head(graph::TensorId x);

    // Of scnet_masked: the embedding of the frequency, added to a spectrum.
    graph::TensorId append_frequency_embedding(graph::TensorId spectrum);

private:
    graph::TensorId constant(const std::string& name, const graph::Shape& shape);
    graph::TensorId append_group_norm(graph::TensorId x, const std::string& name,
                                      graph::Activation activation);
    graph::TensorId append_convolution(graph::TensorId x, const std::string& name, graph::Convolution op,
                                       const graph::Shape& weight);
    graph::TensorId append_module_layer(graph::TensorId x, const std::string& name);
    graph::TensorId append_path(graph::TensorId x, const std::string& module, int axis);
    graph::TensorId append_lstm(graph::TensorId x, const std::string& module, int axis);
    graph::TensorId append_transformer(graph::TensorId x, const std::string& module, int axis);
    graph::TensorId append_fusion(graph::TensorId x, const std::string& name);
    graph::TensorId append_glu(graph::TensorId x, const std::string& name);

    graph::Graph& graph_;
    WeightReader& weights_;
    const ScnetStructure& structure_;
};

}  // namespace msst::model
