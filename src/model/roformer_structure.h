#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/stft_frame.h"
#include "model/model_config.h"
#include "model/weights.h"

namespace msst::model {

// Everything that decides the graph of a roformer.
struct RoformerStructure {
    int64_t width = 0;  // d, numbers per token
    int64_t depth = 0;  // blocks
    int64_t channels = 1;
    int64_t stems = 1;
    int64_t heads = 8;
    int64_t head_dim = 64;
    int64_t feed_forward_width = 0;
    int64_t linear_layers = 0;  // per block
    int64_t time_layers = 1;
    int64_t frequency_layers = 1;
    int64_t mask_layers = 2;  // linear layers of a mask head
    int64_t mask_width = 0;   // of its hidden layers
    std::vector<int64_t> band_bins;
    graph::StftFrame frame;
    int64_t chunk_frames = 0;
    bool skip_connection = false;
    bool zero_dc = true;
    bool has_transformer_norms = false;  // mel: one at the end of every transformer
    int64_t window = 0;                  // of the time attention, to each side; 0: all of it
    std::vector<std::string> warnings;
};

// What the two families do differently when they read `mask_estimator_depth`: linear layers, or hidden ones.
enum class MaskDepth { counts_layers, counts_hidden_layers };

// From the configuration, with MSST's defaults; band_bins stays empty. Throws Error(invalid_input).
RoformerStructure read_roformer_structure(const ModelConfig& config, MaskDepth mask_depth,
                                          int64_t default_mask_depth);

// Puts what the weights say in place of what the configuration (band_bins included) says, with a warning for
// each difference. Throws Error(invalid_input) if the bands have another number of bins in all.
void believe_weights(RoformerStructure& structure, const WeightReader& weights);

// The numbers of one attention layer and its feed-forward layer, as far as the weights hold it; `layer` is
// "layers.0.0.layers.0".
void believe_layer(RoformerStructure& structure, const WeightReader& weights, const std::string& layer);

// Whether the weights are those of the Siamese variant, with two streams of tokens.
bool is_siamese(const WeightReader& weights);

// Throws Error(invalid_input, …, "unsupported_model") naming the variant if the weights belong to a relative
// that cannot be built.
void refuse_unsupported_variants(const WeightReader& weights);

}  // namespace msst::model
