#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/config_section.h"

namespace msst::model {

// MSST's config.yaml: what inference reads of it. Defaults are MSST's own.
struct ModelConfig {
    std::string model_type;  // training.model_type; empty: the file does not say

    int sample_rate = 44100;               // Hz
    std::optional<int> channels;           // audio.num_channels: a mono song is doubled for 2
    std::optional<int64_t> chunk_frames;   // inference.chunk_size, else audio.chunk_size
    std::vector<std::string> instruments;  // stems in the order of the network's outputs
    std::optional<std::string> target;     // the only stem that is written
    int batch_size = 1;
    int num_overlap = 2;
    bool normalize = false;
    std::string chunk_edges =
        "msst";  // inference.chunk_edges, which MSST does not have: separation/chunked_separator.h

    // "htdemucs", "hdemucs" or "demucs" where `model:` is a word and the arguments stand in the section of
    // that name; empty where `model:` holds the arguments itself.
    std::string demucs_kind;
    ConfigSection model;
    ConfigSection audio;
    ConfigSection training;
    ConfigSection root;

    // Stems in the order the separator gives them: the target alone, if there is one.
    std::vector<std::string> written_instruments() const;

    // Where the target stands among the instruments; 0 without a target or when it is not one of them.
    int target_index() const;
};

// Throws Error(invalid_input), naming key and value, for anything inference cannot do without.
ModelConfig parse_model_config(std::string_view yaml);

// The same from a file that was parsed already, or never was one.
ModelConfig make_model_config(yaml::Node root);

// The same from a file; messages name it. Throws Error(not_found), Error(unavailable) too.
ModelConfig read_model_config(const std::filesystem::path& path);

}  // namespace msst::model
