#include "catalog/model_file.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "catalog/architecture.h"
#include "yaml/reader.h"
#include "yaml/scalars.h"

namespace msst::catalog {
namespace {

using yaml::Node;

[[noreturn]] void refuse(const Model& model, const std::string& what) {
    throw Error(ErrorCode::invalid_input, model.config_path.string() + ": " + what);
}

// root.section.key, or null.
const Node* find(const Node& root, std::string_view section, std::string_view key) {
    const Node* found = root.find(section);
    return found ? found->find(key) : nullptr;
}

// A stem's name becomes a file's name, so it must be able to.
std::string read_instrument(const Node& node, const Model& model) {
    constexpr size_t kLongestName = 64;
    std::string name(trim(node.text));
    const bool plain =
        clean_text(name, kLongestName) == name && name.find_first_of("/\\:") == std::string::npos;
    if (!node.is_scalar() || name.empty() || name.front() == '.' || !plain)
        refuse(model, "line " + std::to_string(node.line) + ": '" + clean_text(name, kLongestName) +
                          "' cannot be the name of an instrument");
    return name;
}

std::vector<std::string> read_instruments(const Node& root, const Model& model) {
    constexpr size_t kMostInstruments = 64;
    const Node* target = find(root, "training", "target_instrument");
    if (target && target->is_scalar() && !trim(target->text).empty())
        return {read_instrument(*target, model)};
    const Node* list = find(root, "training", "instruments");
    if (!list || !list->is_sequence() || list->items.empty())
        refuse(model, "has no training.instruments, the list of what the model writes");
    if (list->items.size() > kMostInstruments)
        refuse(model, "lists " + std::to_string(list->items.size()) + " instruments, the most are " +
                          std::to_string(kMostInstruments));
    std::vector<std::string> names;
    for (const Node& item : list->items) {
        names.push_back(read_instrument(item, model));
        const auto is_twin = [&](const std::string& n) {
            return to_lower_ascii(n) == to_lower_ascii(names.back());
        };
        if (std::ranges::count_if(names, is_twin) > 1)
            refuse(model, "lists the instrument '" + names.back() + "' twice");
    }
    return names;
}

int read_sample_rate(const Node& root, const Model& model) {
    constexpr int64_t kLowest = 8000;
    constexpr int64_t kHighest = 192'000;
    for (const auto& [section, key] :
         {std::pair{"audio", "sample_rate"}, std::pair{"training", "samplerate"}}) {
        const Node* node = find(root, section, key);
        if (!node || node->is_null()) continue;
        const double rate = yaml::to_number(*node).value_or(0);
        if (rate < kLowest || rate > kHighest || rate != static_cast<int>(rate))
            refuse(model, std::string(section) + "." + key + " is '" + clean_text(node->text, 20) +
                              "', not " + std::to_string(kLowest) + " to " + std::to_string(kHighest) +
                              " Hz");
        return static_cast<int>(rate);
    }
    return Model{}.sample_rate;
}

// 2 channels or 1. The network itself knows best, then what was trained with.
bool read_stereo(const Node& root) {
    if (const Node* stereo = find(root, "model", "stereo"))
        if (const auto value = yaml::to_bool(*stereo)) return *value;
    for (const auto& [section, key] : {std::pair{"model", "audio_channels"},
                                       std::pair{"audio", "num_channels"}, std::pair{"training", "channels"}})
        if (const Node* channels = find(root, section, key))
            if (const auto count = yaml::to_whole(*channels)) return *count != 1;
    return true;
}

void read_root(const Node& root, Model& model) {
    if (!root.is_mapping()) refuse(model, "is no configuration of a model");
    // As in MSST, the file's own word counts for more than the type it was given with.
    if (model.architecture.empty() || !stated_architecture(root).empty())
        model.architecture = find_architecture(root);
    if (model.architecture.empty())
        refuse(model,
               "does not say what kind of model this is: write MSST's model type into training.model_type");
    model.instruments = read_instruments(root, model);
    model.sample_rate = read_sample_rate(root, model);
    model.stereo = read_stereo(root);
}

}  // namespace

void read_model_file(Model& model) {
    read_root(yaml::read_document(model.config_path), model);
}

std::vector<std::string> read_bag(const std::filesystem::path& path) {
    constexpr size_t kMostNetworks = 64;
    const Node root = yaml::read_document(path);
    const Node* models = root.is_mapping() ? root.find("models") : nullptr;
    std::vector<std::string> names;
    if (!models || !models->is_sequence()) return names;
    if (models->items.size() > kMostNetworks)
        throw Error(ErrorCode::invalid_input, path.string() + ": names " +
                                                  std::to_string(models->items.size()) +
                                                  " networks, the most are " + std::to_string(kMostNetworks));
    for (const Node& item : models->items) names.push_back(item.text);
    return names;
}

void read_model_text(std::string_view text, Model& model) {
    read_root(yaml::parse_document(text, model.config_path.string()), model);
}

}  // namespace msst::catalog
