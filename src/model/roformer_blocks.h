#pragma once

#include <array>
#include <string>
#include <vector>

#include "model/roformer_structure.h"

namespace msst::model {

// Axial transformer or conformer blocks: attention along time, then along the bands, on
// tokens [frames, bands, width]. Variants are recognised by their weights:
// polar embedding, learned tables, biases shared by all layers, value residual.
class RoformerBlocks {
public:
    // prefix: of the weights' names, with its dot: "layers." of the trunk.
    RoformerBlocks(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                   std::string prefix);

    // All `depth` blocks, without a norm after them.
    graph::TensorId append(graph::TensorId x, int64_t depth);

    // The same of the Siamese variant: two streams that both begin as `tokens`.
    struct Streams {
        graph::TensorId x;
        graph::TensorId y;
    };
    Streams append_siamese(graph::TensorId tokens, int64_t depth);

    // One transformer with its norm, along axis 0 or 1 of x [a, b, width]; `prefix` is its own name, without
    // a dot. All transformers of one object along one axis must see the same length.
    graph::TensorId append_one(graph::TensorId x, int axis, int64_t layers);

private:
    enum Axis { kTime, kBands };

    struct Projection {
        graph::TensorId rows;  // [frames, bands, q k v gates (mix)]
        int64_t gates_at = 0;
        int64_t mix_at = 0;  // 0: no value residual
    };

    graph::TensorId append_transformer(graph::TensorId x, const std::string& name, Axis axis, int64_t layers);
    graph::TensorId append_conformer_layer(graph::TensorId x, const std::string& name, Axis axis);
    graph::TensorId append_convolution(graph::TensorId x, const std::string& name, Axis axis);
    graph::TensorId append_linear_transformer(graph::TensorId x, const std::string& name);
    void append_siamese_layer(Streams& streams, const std::string& transformer, int64_t layer, Axis axis,
                              int64_t number);
    // `residual` is added to the result; it may be absent.
    graph::TensorId append_attention(graph::TensorId x, graph::TensorId residual, const std::string& name,
                                     Axis axis);
    graph::TensorId append_linear_attention(graph::TensorId x, const std::string& name);
    graph::TensorId append_feed_forward(graph::TensorId x, graph::TensorId residual, const std::string& name,
                                        int64_t wide, float share = 1);
    graph::TensorId append_norm(graph::TensorId x, const std::string& name);
    graph::TensorId append_out(graph::TensorId heads, graph::TensorId residual, const std::string& weight,
                               graph::TensorId bias);
    Projection append_projection(graph::TensorId x, const std::string& name);
    graph::TensorId values_of(const Projection& projection, Axis axis, const std::string& name);
    graph::TensorId position_table(const std::string& name, Axis axis, int64_t length);
    graph::Constant make_position_table(const std::string& name, Axis axis, int64_t length);
    graph::Constant projection_bias(const std::string& name, int64_t mix);
    std::string shared_name(const std::string& own, const std::vector<std::string>& shared);

    graph::Graph& graph_;
    WeightReader& weights_;
    const RoformerStructure& structure_;
    std::string prefix_;
    float norm_floor_ = 1e-12f;
    graph::Attention::Position position_ = graph::Attention::Position::rotary;
    int64_t sinks_ = 0;
    std::array<graph::TensorId, 2> tables_;        // per axis
    std::array<graph::TensorId, 2> first_values_;  // per axis, for the value residual
};

}  // namespace msst::model
