#include "model/model_config.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "yaml/reader.h"

namespace msst::model {
namespace {

constexpr int64_t kMaxSampleRate = 384'000;
constexpr int64_t kMaxChunkFrames = 1 << 26;
constexpr int64_t kMaxBatch = 1024;
constexpr int64_t kMaxOverlap = 1024;
constexpr size_t kMaxInstruments = 64;

int64_t in_range(const char* key, int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most)
        throw Error(ErrorCode::invalid_input, std::string("'") + key + "' in the configuration is " +
                                                  std::to_string(value) + "; it must lie between " +
                                                  std::to_string(least) + " and " + std::to_string(most));
    return value;
}

void read_audio(ModelConfig& config, const ConfigSection& inference) {
    const int64_t default_rate = config.training.integer("samplerate", 44100);
    config.sample_rate = static_cast<int>(
        in_range("audio.sample_rate", config.audio.integer("sample_rate", default_rate), 1, kMaxSampleRate));
    if (config.audio.has("num_channels"))
        config.channels =
            static_cast<int>(in_range("audio.num_channels", config.audio.integer("num_channels"), 1, 2));
    const ConfigSection& where = inference.has("chunk_size") ? inference : config.audio;
    if (where.has("chunk_size"))
        config.chunk_frames = in_range("chunk_size", where.integer("chunk_size"), 1, kMaxChunkFrames);
}

void read_instruments(ModelConfig& config) {
    config.instruments = config.training.texts("instruments");
    in_range("training.instruments", std::ssize(config.instruments), 1, kMaxInstruments);
    std::vector<std::string> sorted = config.instruments;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end())
        throw Error(ErrorCode::invalid_input, "'training.instruments' names a stem twice");
    const std::string target = config.training.text("target_instrument", "");
    if (!target.empty()) config.target = target;
}

// `model:` is a section, or a word that names one.
void read_model_section(ModelConfig& config) {
    if (!config.root.has("model") || config.root.is_map("model")) {
        config.model = config.root.section("model");
        return;
    }
    config.demucs_kind = config.root.text("model");
    config.model = config.root.section(config.demucs_kind);
}

}  // namespace

std::vector<std::string> ModelConfig::written_instruments() const {
    return target ? std::vector<std::string>{*target} : instruments;
}

int ModelConfig::target_index() const {
    if (!target) return 0;
    const auto found = std::ranges::find(instruments, *target);
    return found == instruments.end() ? 0 : static_cast<int>(found - instruments.begin());
}

ModelConfig parse_model_config(std::string_view yaml) {
    return make_model_config(yaml::parse_document(yaml, "the configuration"));
}

ModelConfig make_model_config(yaml::Node root) {
    ModelConfig config;
    config.root = ConfigSection("", std::move(root));
    config.audio = config.root.section("audio");
    config.training = config.root.section("training");
    const ConfigSection inference = config.root.section("inference");
    config.model_type = config.training.text("model_type", "");
    read_audio(config, inference);
    read_instruments(config);
    read_model_section(config);
    config.batch_size =
        static_cast<int>(in_range("inference.batch_size", inference.integer("batch_size", 1), 1, kMaxBatch));
    config.num_overlap = static_cast<int>(
        in_range("inference.num_overlap", inference.integer("num_overlap", 2), 1, kMaxOverlap));
    config.normalize = inference.boolean("normalize", false);
    config.chunk_edges = inference.text("chunk_edges", "msst");
    return config;
}

ModelConfig read_model_config(const std::filesystem::path& path) {
    const std::string name = clean_text(path.filename().string(), 200);
    yaml::Node root = yaml::read_document_as(name, path);
    try {
        return make_model_config(std::move(root));
    } catch (const Error& error) {
        throw Error(error.code(), name + ": " + error.what(), error.reason());
    }
}

}  // namespace msst::model
