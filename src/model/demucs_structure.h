#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/weights.h"

namespace msst::model {

// One level of a Demucs: an encoder layer and the decoder layer that undoes it, in the frequency branch and,
// while there are two branches, in the time branch.
struct DemucsLevel {
    int64_t in = 0;  // channels that the encoder layer takes
    int64_t out = 0;
    int64_t decoded = 0;  // channels that the decoder layer gives
    int64_t kernel = 8;
    int64_t stride = 4;
    bool has_bins = true;      // false: along time, behind the merge of the branches
    bool merges_bins = false;  // all bins become one, without padding, and the time branch is added
    bool has_norms = false;
    int64_t time_in = 0;  // the same of the time branch; 0: it has no layer here
    int64_t time_out = 0;
    int64_t time_decoded = 0;
};

// Everything that decides the graph of a hybrid Demucs, with (htdemucs) or without (hdemucs) transformer.
struct DemucsStructure {
    bool has_transformer = true;
    int64_t audio_channels = 2;
    int64_t sources = 4;
    int64_t chunk_frames = 0;
    int64_t n_fft = 4096;          // a hop is a quarter of it
    int64_t subbands = 1;          // of the spectrum, side by side as channels
    bool pads_with_zeros = false;  // hybrid_old

    int64_t depth = 4;
    int64_t channels = 48;
    int64_t time_channels = 48;
    double growth = 2;
    int64_t kernel = 8;
    int64_t stride = 4;
    int64_t time_stride = 2;
    bool has_rewrite = true;
    int64_t context = 1;          // neighbours that a decoder's rewrite sees to each side
    int64_t encoder_context = 0;  // and an encoder's
    int64_t norm_starts = 4;      // first level with norms
    int64_t norm_groups = 4;
    double embedding_scale = 2;  // freq_emb * emb_scale; 0: no frequency embedding

    bool has_encoder_branches = true;  // DConv
    bool has_decoder_branches = false;
    int64_t branch_depth = 2;
    double branch_compression = 8;
    int64_t branch_lstm = 4;       // first level with an LSTM
    int64_t branch_attention = 4;  // and with local attention

    int64_t bottom_channels = 0;  // 0: the transformer is as wide as the last level
    int64_t transformer_layers = 5;
    int64_t transformer_heads = 8;
    double hidden_scale = 4;
    double max_period = 10000;
    double position_weight = 1;
    bool has_norm_in = true;
    bool has_norm_out = true;
    bool has_layer_scale = true;
    bool has_gelu = true;  // else ReLU
    bool is_cross_first = false;

    std::vector<std::string> warnings;

    int64_t hop() const { return n_fft / 4; }
    int64_t frames() const { return (chunk_frames + hop() - 1) / hop(); }
    int64_t spectrum_channels() const { return 2 * audio_channels * subbands; }
    std::vector<DemucsLevel> levels() const;
};

// From the configuration, with the reference's defaults; then what the weights say in place of that, with a
// warning for each difference. Throws Error(invalid_input) naming what is not supported.
DemucsStructure read_demucs_structure(const ModelConfig& config, const WeightReader& weights);

}  // namespace msst::model
