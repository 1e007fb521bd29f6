#include "model/demucs_package.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "yaml/reader.h"

namespace msst::model {
namespace {

using checkpoint::Metadata;
using yaml::make_scalar;
using yaml::Node;

constexpr std::array kKinds = {"htdemucs", "hdemucs"};

Node mapping(std::vector<std::pair<std::string, Node>> entries) {
    Node node;
    node.kind = Node::Kind::mapping;
    for (auto& [key, value] : entries)
        node.entries.push_back({.key = std::move(key), .line = 0, .value = std::move(value)});
    return node;
}

std::string number_text(double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    return text.data();
}

Node to_node(const Metadata& value);

struct ToNode {
    Node operator()(std::monostate) const { return {}; }
    Node operator()(bool value) const { return make_scalar(value ? "true" : "false"); }
    Node operator()(int64_t value) const { return make_scalar(std::to_string(value)); }
    Node operator()(double value) const { return make_scalar(number_text(value)); }
    Node operator()(const std::string& value) const { return make_scalar(value); }
    Node operator()(const Metadata::List& values) const {
        Node node;
        node.kind = Node::Kind::sequence;
        for (const Metadata& value : values) node.items.push_back(to_node(value));
        return node;
    }
    Node operator()(const Metadata::Map& values) const {
        std::vector<std::pair<std::string, Node>> entries;
        for (const auto& [key, value] : values) entries.emplace_back(key, to_node(value));
        return mapping(std::move(entries));
    }
};

Node to_node(const Metadata& value) {
    return std::visit(ToNode(), value.value);
}

// A fraction, "39/5", as a decimal number: what YAML can say.
Node decimal(Node node) {
    const size_t slash = node.text.find('/');
    if (!node.is_scalar() || slash == std::string::npos) return node;
    const auto parse = [](std::string_view text) {
        double value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        return problem == std::errc() && end == text.data() + text.size() ? value : 0.0;
    };
    const double over = parse(trim(std::string_view(node.text).substr(0, slash)));
    const double under = parse(trim(std::string_view(node.text).substr(slash + 1)));
    return under == 0 ? node : make_scalar(number_text(over / under));
}

Node read_yaml(const std::filesystem::path& path) {
    return yaml::read_document_as(clean_text(path.filename().string(), 200), path);
}

// "demucs.htdemucs.HTDemucs" -> "htdemucs"
std::string kind_of(const Metadata* klass) {
    const auto* name = klass ? klass->get_if<std::string>() : nullptr;
    if (!name)
        throw Error(ErrorCode::invalid_input,
                    "the checkpoint is no Demucs package, so it needs a configuration (config.yaml)");
    const std::string kind = to_lower_ascii(name->substr(name->rfind('.') + 1));
    for (const char* supported : kKinds)
        if (kind == supported) return kind;
    throw Error(ErrorCode::invalid_input, "the package holds a network of the class " +
                                              clean_text(*name, 100) +
                                              "; HTDemucs and HDemucs are supported");
}

Node take_or(const Node& arguments, const std::string& key, const char* fallback) {
    const Node* found = arguments.find(key);
    return found && !found->is_null() ? *found : make_scalar(fallback);
}

}  // namespace

ModelConfig read_package_config(const checkpoint::Checkpoint& package) {
    const std::string kind = kind_of(package.metadata().find("klass"));
    const Metadata* kwargs = package.metadata().find("kwargs");
    const Node arguments = kwargs ? to_node(*kwargs) : mapping({});
    const Node* sources = arguments.find("sources");
    if (!sources || !sources->is_sequence())
        throw Error(ErrorCode::invalid_input, "the Demucs package does not name its sources");
    const Node rate = take_or(arguments, "samplerate", "44100");
    // The defaults of the classes.
    const Node segment = decimal(take_or(arguments, "segment", kind == "htdemucs" ? "10" : "40"));
    const Node channels = take_or(arguments, "audio_channels", "2");
    Node training = mapping(
        {{"instruments", *sources}, {"samplerate", rate}, {"segment", segment}, {"channels", channels}});
    // What the authors' own program does: a quarter of a segment overlaps; MSST's configurations say 4.
    Node inference = mapping({{"num_overlap", make_scalar("4")}, {"batch_size", make_scalar("1")}});
    return make_model_config(mapping({{"model", make_scalar(kind)},
                                      {kind, arguments},
                                      {"audio", mapping({{"sample_rate", rate}, {"num_channels", channels}})},
                                      {"training", std::move(training)},
                                      {"inference", std::move(inference)}}));
}

ModelConfig read_config_for(const std::filesystem::path& path, const checkpoint::Checkpoint& checkpoint) {
    const bool is_package = path.empty() || is_bag(path);
    return is_package ? read_package_config(checkpoint) : read_model_config(path);
}

bool is_bag(const std::filesystem::path& path) {
    const Node root = read_yaml(path);
    const Node* models = root.find("models");
    return models && models->is_sequence();
}

std::vector<std::vector<double>> read_bag_weights(const std::filesystem::path& bag, size_t networks,
                                                  size_t sources) {
    const ConfigSection root("", read_yaml(bag));
    const std::vector<std::vector<double>> weights = root.number_rows("weights");
    if (weights.empty()) return weights;
    if (weights.size() != networks)
        throw Error(ErrorCode::invalid_input, "the bag has weights for " + std::to_string(weights.size()) +
                                                  " networks, but there are " + std::to_string(networks));
    std::vector<double> totals(sources, 0.0);
    for (const std::vector<double>& row : weights) {
        if (row.size() != sources)
            throw Error(ErrorCode::invalid_input, "the bag has weights for " + std::to_string(row.size()) +
                                                      " sources, but there are " + std::to_string(sources));
        for (size_t s = 0; s < sources; ++s) {
            if (!(row[s] >= 0 && row[s] <= 1e6))
                throw Error(ErrorCode::invalid_input, "the bag has a weight of " + std::to_string(row[s]) +
                                                          "; it must lie between 0 and 1000000");
            totals[s] += row[s];
        }
    }
    for (size_t s = 0; s < sources; ++s)
        if (totals[s] == 0)
            throw Error(ErrorCode::invalid_input,
                        "the bag gives source " + std::to_string(s) + " no weight in any network");
    return weights;
}

}  // namespace msst::model
