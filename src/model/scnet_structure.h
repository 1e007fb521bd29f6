#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "graph/stft_frame.h"
#include "model/model_config.h"

namespace msst::model {

// What the types scnet, scnet_masked and scnet_tran differ in.
enum class ScnetKind {
    plain,        // the network's output is the spectrum
    masked,       // its output becomes a mask; Hann window, an embedding of the frequency
    transformers  // transformers instead of LSTMs
};

// One of the three bands of a level, in bins. low, middle and high follow each other.
struct ScnetBand {
    int64_t first = 0;
    int64_t bins = 0;       // before down-sampling
    int64_t pad_begin = 0;  // zeros
    int64_t pad_end = 0;
    int64_t rows = 0;        // after down-sampling
    int64_t crop_begin = 0;  // of what up-sampling gives
    int64_t crop_end = 0;
};

using ScnetBands = std::array<ScnetBand, 3>;

// Everything that decides the graph of an SCNet.
struct ScnetStructure {
    ScnetKind kind = ScnetKind::plain;
    int64_t channels = 2;
    int64_t sources = 4;
    std::vector<int64_t> widths;  // channels of the spectrum and behind every level of the encoder
    graph::StftFrame frame;
    std::vector<double> band_ratios;
    std::vector<int64_t> band_strides;
    std::vector<int64_t> band_kernels;
    std::vector<int64_t> module_depths;  // per band
    double compress = 4;
    int64_t module_kernel = 3;
    int64_t dual_path_layers = 6;
    int64_t expand = 1;
    int64_t chunk_frames = 0;

    // Of the transformers.
    int64_t transformer_depth = 1;
    int64_t heads = 8;
    int64_t head_dim = 64;
    int64_t rotary_dim = 64;

    int64_t levels() const { return std::ssize(widths) - 1; }

    // Zeros behind a chunk, so that it has an even number of frames.
    int64_t padding() const;

    // How a level divides `bins`. Throws Error(invalid_input) if a band comes out empty.
    ScnetBands bands(int64_t bins) const;
};

// Throws Error(invalid_input), naming key and value, for what cannot be.
ScnetStructure read_scnet_structure(const ModelConfig& config, ScnetKind kind);

}  // namespace msst::model
