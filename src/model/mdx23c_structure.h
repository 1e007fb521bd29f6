#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/activation.h"
#include "graph/stft_frame.h"
#include "model/model_config.h"
#include "model/weights.h"

namespace msst::model {

// Everything that decides the graph of an MDX23C network.
struct Mdx23cStructure {
    enum class Norm { none, batch, group };

    graph::StftFrame frame;
    int64_t bins = 0;                       // the lowest of the spectrum, dim_f
    int64_t channels = 2;                   // of the song
    int64_t bands = 1;                      // that the bins are folded into, num_subbands
    int64_t scales = 1;                     // down and up again
    int64_t blocks = 1;                     // per scale
    int64_t width = 0;                      // channels of the largest scale
    int64_t growth = 0;                     // how many more each smaller scale has
    int64_t bottleneck = 1;                 // how much narrower the middle of a TDF is
    std::array<int64_t, 2> scale = {2, 2};  // of time and frequency
    Norm norm = Norm::none;
    int64_t norm_groups = 0;  // of group norms; 0: as many as channels (InstanceNorm)
    graph::Activation activation;
    int64_t stems = 1;
    int64_t chunk_frames = 0;
    std::vector<std::string> warnings;

    int64_t spectrum_channels() const { return 2 * channels * bands; }
    int64_t time_steps() const { return 1 + chunk_frames / frame.hop; }
};

// From the configuration; where the weights say otherwise they are believed, with a warning.
// Throws Error(invalid_input) for what cannot be built: time steps or bins that the scales do not divide, a
// chunk that is no multiple of the hop.
Mdx23cStructure read_mdx23c_structure(const ModelConfig& config, const WeightReader& weights);

}  // namespace msst::model
