#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/stft_frame.h"
#include "model/model_config.h"
#include "model/weights.h"

namespace msst::model {

// What the layers along an axis are, and what their parts are called among the weights.
struct LayerKind {
    const char* name;          // in the keys of the configuration: time_<name>_depth
    const char* attention;     // "layers.0" + this + ".to_qkv.weight"
    const char* feed_forward;  // "layers.0" + this + ".net.1.weight"
    bool is_conformer;         // a convolution beside the attention, between two halves of a feed-forward
};
inline constexpr LayerKind kTransformer{"transformer", ".0", ".1", false};
inline constexpr LayerKind kConformer{"conformer", ".attn", ".ff1.ff", true};

// Everything that decides the graph of a roformer or conformer.
struct RoformerStructure {
    LayerKind layer = kTransformer;

    int64_t width = 0;  // d, numbers per token
    int64_t depth = 0;  // blocks
    int64_t channels = 1;
    int64_t stems = 1;
    int64_t heads = 8;
    int64_t head_dim = 64;
    int64_t rotary_dim = 0;  // how much of a head is turned, from its first number on; 0: all
    int64_t feed_forward_width = 0;
    int64_t linear_feed_forward_width = 0;
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
    int64_t convolution_width = 0;       // channels of a conformer layer's convolution
    int64_t convolution_kernel = 0;      // positions, odd
    std::vector<std::string> warnings;
};

// What the two families do differently when they read `mask_estimator_depth`: linear layers, or hidden ones.
enum class MaskDepth { counts_layers, counts_hidden_layers };

// From the configuration, with MSST's defaults; band_bins stays empty. Throws Error(invalid_input).
RoformerStructure read_roformer_structure(const ModelConfig& config, LayerKind layer, MaskDepth mask_depth,
                                          int64_t default_mask_depth);

// What the weights say the layers are; `otherwise` where they say nothing.
LayerKind find_layer_kind(const WeightReader& weights, LayerKind otherwise);

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
