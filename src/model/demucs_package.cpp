#include "model/demucs_package.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"

namespace msst::model {
namespace {

using checkpoint::Metadata;

constexpr std::array kKinds = {"htdemucs", "hdemucs"};

ConfigNode scalar(std::string text) {
    ConfigNode node;
    node.kind = ConfigNode::Kind::scalar;
    node.scalar = std::move(text);
    return node;
}

ConfigNode map(std::map<std::string, ConfigNode> entries) {
    ConfigNode node;
    node.kind = ConfigNode::Kind::map;
    node.map = std::move(entries);
    return node;
}

std::string number_text(double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    return text.data();
}

ConfigNode to_node(const Metadata& value);

struct ToNode {
    ConfigNode operator()(std::monostate) const { return {}; }
    ConfigNode operator()(bool value) const { return scalar(value ? "true" : "false"); }
    ConfigNode operator()(int64_t value) const { return scalar(std::to_string(value)); }
    ConfigNode operator()(double value) const { return scalar(number_text(value)); }
    ConfigNode operator()(const std::string& value) const { return scalar(value); }
    ConfigNode operator()(const Metadata::List& values) const {
        ConfigNode node;
        node.kind = ConfigNode::Kind::list;
        for (const Metadata& value : values) node.list.push_back(to_node(value));
        return node;
    }
    ConfigNode operator()(const Metadata::Map& values) const {
        std::map<std::string, ConfigNode> entries;
        for (const auto& [key, value] : values) entries.emplace(key, to_node(value));
        return map(std::move(entries));
    }
};

ConfigNode to_node(const Metadata& value) {
    return std::visit(ToNode(), value.value);
}

// A fraction, "39/5", as a decimal number: what YAML can say.
ConfigNode decimal(ConfigNode node) {
    const size_t slash = node.scalar.find('/');
    if (node.kind != ConfigNode::Kind::scalar || slash == std::string::npos) return node;
    const auto parse = [](std::string_view text) {
        double value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        return problem == std::errc() && end == text.data() + text.size() ? value : 0.0;
    };
    const double over = parse(trim(std::string_view(node.scalar).substr(0, slash)));
    const double under = parse(trim(std::string_view(node.scalar).substr(slash + 1)));
    return under == 0 ? node : scalar(number_text(over / under));
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

ConfigNode take_or(const std::map<std::string, ConfigNode>& arguments, const std::string& key,
                   const char* fallback) {
    const auto found = arguments.find(key);
    return found == arguments.end() || found->second.kind == ConfigNode::Kind::null ? scalar(fallback)
                                                                                    : found->second;
}

}  // namespace

ModelConfig read_package_config(const checkpoint::Checkpoint& package) {
    const std::string kind = kind_of(package.metadata().find("klass"));
    const Metadata* kwargs = package.metadata().find("kwargs");
    ConfigNode arguments = kwargs ? to_node(*kwargs) : map({});
    const auto sources = arguments.map.find("sources");
    if (sources == arguments.map.end() || sources->second.kind != ConfigNode::Kind::list)
        throw Error(ErrorCode::invalid_input, "the Demucs package does not name its sources");
    const ConfigNode rate = take_or(arguments.map, "samplerate", "44100");
    // The defaults of the classes.
    const ConfigNode segment = decimal(take_or(arguments.map, "segment", kind == "htdemucs" ? "10" : "40"));
    const ConfigNode channels = take_or(arguments.map, "audio_channels", "2");
    ConfigNode training = map({{"instruments", sources->second},
                               {"samplerate", rate},
                               {"segment", segment},
                               {"channels", channels}});
    // What the authors' own program does: a quarter of a segment overlaps; MSST's configurations say 4.
    ConfigNode inference = map({{"num_overlap", scalar("4")}, {"batch_size", scalar("1")}});
    return make_model_config(map({{"model", scalar(kind)},
                                  {kind, std::move(arguments)},
                                  {"audio", map({{"sample_rate", rate}, {"num_channels", channels}})},
                                  {"training", std::move(training)},
                                  {"inference", std::move(inference)}}));
}

bool is_bag(const std::filesystem::path& path) {
    const ConfigNode root = parse_yaml(read_file(path));
    const auto models = root.map.find("models");
    return models != root.map.end() && models->second.kind == ConfigNode::Kind::list;
}

std::vector<std::vector<double>> read_bag_weights(const std::filesystem::path& bag, size_t networks,
                                                  size_t sources) {
    const ConfigSection root("", parse_yaml(read_file(bag)));
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
