#include "config/models.h"

#include <algorithm>
#include <utility>

#include "config/similar.h"

namespace msst::config {
namespace {

using yaml::Node;

bool is_model_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && name.front() != '.' &&
           std::ranges::all_of(name, [](unsigned char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

constexpr std::string_view kModelNameRule =
    "1 to 64 of the characters A-Z a-z 0-9 . _ -, not starting with a dot";

// Fills the fields of one entry of `models` by name.
bool read_model_field(const yaml::Entry& field, ModelEntry& model, Problems& problems) {
    const auto text = read_text(field.value, "models: " + field.key, problems);
    if (!text) return true;
    if (field.key == "model_type")
        model.model_type = *text;
    else if (field.key == "architecture")
        model.architecture = *text;
    else if (field.key == "config_path")
        model.config_path = *text;
    else if (field.key == "checkpoint_path")
        model.checkpoint_path = *text;
    else
        return false;
    return true;
}

void read_model(const Node& node, Config& config, Problems& problems) {
    static const std::vector<std::string> kFields = {"model_type", "architecture", "config_path",
                                                     "checkpoint_path"};
    if (!node.is_mapping()) {
        problems.add(node.line, "models",
                     "must hold mappings {" + join_words(kFields) + "}, not " + describe_value(node));
        return;
    }
    ModelEntry model;
    for (const yaml::Entry& field : node.entries) {
        if (&field.value != node.find(field.key))
            problems.add(field.line, "models:", field.key + " is given twice");
        else if (!read_model_field(field, model, problems))
            problems.add(field.line,
                         "models:", "unknown field " + quote(field.key) + did_you_mean(field.key, kFields));
    }
    for (const char* field : {"model_type", "config_path", "checkpoint_path"})
        if (!node.find(field)) problems.add(node.line, "models:", std::string("an entry has no ") + field);
    if (!model.model_type.empty() && !is_model_name(model.model_type))
        problems.add(
            node.line, "models:",
            "model_type must be " + std::string(kModelNameRule) + ", not " + quote(model.model_type));
    if (std::ranges::count(config.models, model.model_type, &ModelEntry::model_type) > 0)
        problems.add(node.line, "models:", "model_type " + quote(model.model_type) + " is given twice");
    config.models.push_back(std::move(model));
}

void read_models(const Node& node, Config& config, Problems& problems) {
    config.models.clear();
    if (!node.is_sequence() && !node.is_null())
        problems.add(node.line, "models", "must be a list, not " + describe_value(node));
    for (const Node& item : node.items) read_model(item, config, problems);
}

std::string show_models(const Config& config) {
    std::string text;
    for (const ModelEntry& model : config.models) {
        text += text.empty() ? "{" : ", {";
        text += "model_type: " + show_text(model.model_type);
        if (!model.architecture.empty()) text += ", architecture: " + show_text(model.architecture);
        text += ", config_path: " + show_text(model.config_path) +
                ", checkpoint_path: " + show_text(model.checkpoint_path) + "}";
    }
    return "[" + text + "]";
}

}  // namespace

Key model_name_key(const KeyText& text) {
    return valid_text_key(text, &Config::default_model_type, "the name of an installed model",
                          std::string(kModelNameRule), is_model_name);
}

Key models_key(const KeyText& text) {
    return {.name = text.name,
            .accepts = "a list of {model_type, architecture, config_path, checkpoint_path}",
            .help = text.help,
            .read = read_models,
            .show = show_models,
            .is_list = true};
}

}  // namespace msst::config
