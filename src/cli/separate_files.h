#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "audio/format.h"
#include "cli/wiring.h"

namespace msst::cli {

// `msst separate` after its command line is read.
struct SeparateOptions {
    std::vector<std::filesystem::path> inputs;  // files and folders
    std::filesystem::path output_folder = "results";
    std::string filename_template = "{file_name}/{instr}";

    std::optional<std::filesystem::path> config_file;  // of msst: where models are
    std::string model_type;                            // empty: the configuration's default
    // A model from outside the catalogue, as MSST's inference.py takes it: model_type is then its
    // architecture.
    std::filesystem::path config_path;                    // may be empty for Demucs packages
    std::vector<std::filesystem::path> checkpoint_paths;  // several: a bag, whose stems are averaged

    std::vector<std::string> instruments;  // empty: all; capitals do not count
    bool use_tta = false;
    int bigshifts = 1;        // separation/song.h
    std::string chunk_edges;  // msst per_chunk; empty: as the model's configuration says
    bool extract_instrumental = false;
    audio::OutputFormat output_format = audio::OutputFormat::wav;
    audio::PcmType pcm_type = audio::PcmType::pcm_24;

    std::vector<std::string> devices;  // empty: as the configuration says
    bool skip_existing = false;        // songs whose stems are all there
    bool is_json = false;              // one JSON object per song on wiring.out
    bool show_progress = true;
};

// Separates every song; one that fails is reported and the others go on. Stems that are there already are
// replaced. Of two songs whose stems would have the same names the first is separated and the second fails.
// Returns kSuccess, kFailure when a song failed or the model cannot be loaded, kUsage (and nothing is
// written) for an unknown model, instrument or placeholder, kInterrupted when `stop` was requested; then no
// half file is left.
int separate_files(const SeparateOptions& options, const Wiring& wiring, std::stop_token stop);

}  // namespace msst::cli
