#pragma once

#include <string>
#include <utility>

#include "graph/graph.h"
#include "model/demucs_structure.h"

namespace msst::model {

// Layers of both branches of a hybrid Demucs. Tensors are [1, bins, frames, channels] in the frequency branch
// and [1, 1, samples, channels] in the time branch and behind the merge of the two: with the channels last,
// every layer is a product of rows, and a bin is a sample of its own to what goes along time.
class DemucsLayers {
public:
    DemucsLayers(graph::Graph& graph, WeightReader& weights, const DemucsStructure& structure)
        : graph_(graph), weights_(weights), structure_(structure) {}

    // injected: what the time branch adds at the level that merges the bins; absent elsewhere.
    graph::TensorId append_encoder(graph::TensorId x, const DemucsLevel& level, int64_t index,
                                   graph::TensorId injected);
    graph::TensorId append_time_encoder(graph::TensorId x, const DemucsLevel& level, int64_t index);

    // The embedding of the bins behind the first encoder layer.
    graph::TensorId append_frequency_embedding(graph::TensorId x);

    struct Decoded {
        graph::TensorId y;
        graph::TensorId before_upsampling;
    };
    // frames: to cut to behind the merge, where frames are strided too. x may be absent: zeros.
    Decoded append_decoder(graph::TensorId x, graph::TensorId skip, const DemucsLevel& level, int64_t index,
                           int64_t frames);
    // skip is absent at the level that merges the bins.
    graph::TensorId append_time_decoder(graph::TensorId x, graph::TensorId skip, const DemucsLevel& level,
                                        int64_t index, int64_t samples);

private:
    // A convolution along one axis: the bins, or time.
    struct Kernel {
        bool is_along_bins = true;
        int64_t size = 8;
        int64_t stride = 4;
        int64_t pad = 0;
    };

    static Kernel kernel_of(const DemucsLevel& level);
    Kernel time_kernel() const;
    graph::TensorId append_strided(graph::TensorId x, const std::string& name, int64_t out,
                                   const Kernel& kernel, graph::Activation activation);
    graph::TensorId append_upsampled(graph::TensorId x, const std::string& name, int64_t out,
                                     const Kernel& kernel, int64_t samples, bool has_norm, bool is_last);
    graph::TensorId append_rewrite(graph::TensorId x, const std::string& name, const std::string& norm,
                                   int64_t context, bool has_bins, bool has_norm);
    graph::TensorId append_group_norm(graph::TensorId x, const std::string& name, int64_t groups,
                                      graph::Activation activation);
    graph::TensorId append_branches(graph::TensorId x, const std::string& name, int64_t level);
    graph::TensorId append_branch(graph::TensorId x, const std::string& name, int64_t dilation,
                                  int64_t level);
    graph::TensorId append_lstm(graph::TensorId x, const std::string& name);
    graph::TensorId append_local_attention(graph::TensorId x, const std::string& name);
    graph::TensorId take(const std::string& name, const graph::Shape& shape);

    graph::Graph& graph_;
    WeightReader& weights_;
    const DemucsStructure& structure_;
};

}  // namespace msst::model
