#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Which models are installed: names, stems, files. Built once at start; immutable afterwards.

namespace msst::catalog {

enum class ModelState {
    available,
    missing_checkpoint,  // known, excluded from the list, said in the log (R12.5)
    damaged,             // files are there but cannot be read: 500 at submission (R7.7)
    unsupported,         // in order, but this build cannot run its architecture or variant: 400 at submission
};

// "available", "missing_checkpoint", "damaged", "unsupported"
std::string_view to_string(ModelState state);

// What is known of a network without loading it.
struct NetworkFacts {
    int64_t parameters = 0;
    int64_t checkpoint_bytes = 0;
    double chunk_seconds = 0;
    int num_overlap = 1;
    int64_t device_bytes = 0;  // memory it needs on a device
    double gflop_per_second_of_audio = 0;
    std::vector<std::string> warnings;  // where the configuration disagrees with the weights, and such
};

struct Model {
    std::string model_type;    // the name clients use: the folder's, or the one given in the configuration
    std::string architecture;  // MSST's type string, or "dsp"
    std::filesystem::path config_path;      // empty for the embedded model and for Demucs packages
    std::filesystem::path checkpoint_path;  // empty for the embedded model
    std::vector<std::filesystem::path> more_checkpoints;  // of a bag of networks, averaged with the first
    std::vector<std::string> instruments;                 // stems it can write, in its own order
    int sample_rate = 44100;
    bool stereo = true;
    ModelState state = ModelState::available;
    std::string problem;  // why it is not available; for the log and the administrator, and for clients where
                          // it is unsupported: names no path then
    std::optional<NetworkFacts> network;  // of available models with weights, where somebody looked
};

// Of all its checkpoints that can be found on the disk.
int64_t checkpoint_bytes(const Model& model);

class Catalog {
public:
    // Throws Error(invalid_input) when two models have one name, or none has the default's.
    Catalog(std::vector<Model> models, std::string default_model_type);

    const std::string& default_model_type() const { return default_model_type_; }
    const std::vector<Model>& all() const { return models_; }
    std::vector<const Model*> available() const;
    const Model* find(const std::string& model_type) const;  // null: no such model; any state

private:
    std::vector<Model> models_;
    std::string default_model_type_;
};

// The model every installation has: no weights, no files (src/dsp).
Model embedded_model();

}  // namespace msst::catalog
