#include "model/config_section.h"

#include <set>

#include <yaml-cpp/yaml.h>

#include "base/error.h"
#include "base/text.h"
#include "model/yaml_text.h"

namespace msst::model {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr int kMaxNodes = 50'000;
constexpr int kMaxDepth = 32;

// yaml-cpp's tree as ours. Aliases are copied, which the limit on nodes keeps from exploding.
class Converter {
public:
    ConfigNode convert(const YAML::Node& node, int depth) {
        if (++nodes_ > kMaxNodes || depth > kMaxDepth)
            throw Error(ErrorCode::invalid_input, "the configuration has more than " +
                                                      std::to_string(kMaxNodes) + " values or " +
                                                      std::to_string(kMaxDepth) + " levels");
        check_tag(node.Tag());
        ConfigNode result;
        switch (node.Type()) {
            case YAML::NodeType::Undefined:
            case YAML::NodeType::Null:
                break;
            case YAML::NodeType::Scalar:
                convert_scalar(node, result);
                break;
            case YAML::NodeType::Sequence:
                result.kind = ConfigNode::Kind::list;
                for (const auto& item : node) result.list.push_back(convert(item, depth + 1));
                break;
            case YAML::NodeType::Map:
                result.kind = ConfigNode::Kind::map;
                for (const auto& entry : node)
                    result.map.insert_or_assign(key_of(entry.first), convert(entry.second, depth + 1));
                break;
        }
        return result;
    }

private:
    static void check_tag(const std::string& tag) {
        if (tag.find("python/") == std::string::npos || tag.ends_with("python/tuple")) return;
        throw Error(ErrorCode::invalid_input, "the configuration has a tag '" + clean_text(tag, 100) +
                                                  "'; of Python's only !!python/tuple is understood");
    }

    static void convert_scalar(const YAML::Node& node, ConfigNode& result) {
        const bool is_quoted = node.Tag() == "!";
        if (!is_quoted && is_yaml_null(node.Scalar())) return;
        result.kind = ConfigNode::Kind::scalar;
        result.scalar = node.Scalar();
    }

    static std::string key_of(const YAML::Node& node) {
        if (!node.IsScalar())
            throw Error(ErrorCode::invalid_input, "the configuration has a key that is not a word");
        return node.Scalar();
    }

    int nodes_ = 0;
};

}  // namespace

ConfigNode parse_yaml(std::string_view text) {
    if (text.size() > kMaxBytes)
        throw Error(ErrorCode::invalid_input, "the configuration has " + std::to_string(text.size()) +
                                                  " bytes, at most " + std::to_string(kMaxBytes) +
                                                  " are read");
    try {
        return Converter().convert(YAML::Load(to_utf8(text)), 0);
    } catch (const YAML::Exception& problem) {
        throw Error(ErrorCode::invalid_input,
                    "the configuration is not YAML: " + clean_text(problem.what(), 300));
    }
}

struct ConfigSection::State {
    std::string name;
    ConfigNode node;
    std::set<std::string> asked_for;
};

ConfigSection::ConfigSection(std::string name, ConfigNode node)
    : state_(std::make_shared<State>(State{std::move(name), std::move(node), {}})) {
    if (state_->node.kind != ConfigNode::Kind::map && state_->node.kind != ConfigNode::Kind::null)
        throw Error(ErrorCode::invalid_input, "'" + state_->name + "' in the configuration is not a section");
}

const ConfigNode* ConfigSection::find(const std::string& key) const {
    state_->asked_for.insert(key);
    const auto found = state_->node.map.find(key);
    const bool is_there = found != state_->node.map.end() && found->second.kind != ConfigNode::Kind::null;
    return is_there ? &found->second : nullptr;
}

const ConfigNode& ConfigSection::require(const std::string& key) const {
    const ConfigNode* node = find(key);
    if (!node) fail(key, "is missing");
    return *node;
}

void ConfigSection::fail(const std::string& key, const std::string& problem) const {
    const std::string path = state_->name.empty() ? key : state_->name + "." + key;
    throw Error(ErrorCode::invalid_input, "'" + path + "' in the configuration " + problem);
}

int64_t ConfigSection::to_integer(const std::string& key, const ConfigNode& node) const {
    const double value = to_number(key, node);
    if (!(value >= -0x1p53 && value <= 0x1p53) || value != static_cast<double>(static_cast<int64_t>(value)))
        fail(key, "is '" + clean_text(node.scalar, 100) + "', not a whole number");
    return static_cast<int64_t>(value);
}

double ConfigSection::to_number(const std::string& key, const ConfigNode& node) const {
    const auto value = parse_yaml_number(node.scalar);
    if (node.kind != ConfigNode::Kind::scalar || !value)
        fail(key, "is '" + clean_text(node.scalar, 100) + "', not a number");
    return *value;
}

bool ConfigSection::has(const std::string& key) const {
    return find(key) != nullptr;
}

bool ConfigSection::is_map(const std::string& key) const {
    const ConfigNode* node = find(key);
    return node && node->kind == ConfigNode::Kind::map;
}

int64_t ConfigSection::integer(const std::string& key) const {
    return to_integer(key, require(key));
}

int64_t ConfigSection::integer(const std::string& key, int64_t fallback) const {
    const ConfigNode* node = find(key);
    return node ? to_integer(key, *node) : fallback;
}

double ConfigSection::number(const std::string& key) const {
    return to_number(key, require(key));
}

double ConfigSection::number(const std::string& key, double fallback) const {
    const ConfigNode* node = find(key);
    return node ? to_number(key, *node) : fallback;
}

bool ConfigSection::boolean(const std::string& key, bool fallback) const {
    const ConfigNode* node = find(key);
    if (!node) return fallback;
    const auto value = parse_yaml_bool(node->scalar);
    if (node->kind != ConfigNode::Kind::scalar || !value)
        fail(key, "is '" + clean_text(node->scalar, 100) + "', neither true nor false");
    return *value;
}

std::string ConfigSection::text(const std::string& key) const {
    const ConfigNode& node = require(key);
    if (node.kind != ConfigNode::Kind::scalar) fail(key, "is not a text");
    return std::string(trim(node.scalar));
}

std::string ConfigSection::text(const std::string& key, const std::string& fallback) const {
    return has(key) ? text(key) : fallback;
}

std::vector<int64_t> ConfigSection::integers(const std::string& key) const {
    const ConfigNode& node = require(key);
    if (node.kind != ConfigNode::Kind::list) fail(key, "is not a list");
    std::vector<int64_t> values;
    for (const ConfigNode& item : node.list) values.push_back(to_integer(key, item));
    return values;
}

std::vector<double> ConfigSection::numbers(const std::string& key) const {
    const ConfigNode& node = require(key);
    if (node.kind != ConfigNode::Kind::list) fail(key, "is not a list");
    std::vector<double> values;
    for (const ConfigNode& item : node.list) values.push_back(to_number(key, item));
    return values;
}

std::vector<std::string> ConfigSection::texts(const std::string& key) const {
    const ConfigNode& node = require(key);
    if (node.kind != ConfigNode::Kind::list) fail(key, "is not a list");
    std::vector<std::string> values;
    for (const ConfigNode& item : node.list) {
        if (item.kind != ConfigNode::Kind::scalar) fail(key, "holds something that is not a text");
        values.emplace_back(trim(item.scalar));
    }
    return values;
}

std::vector<std::vector<double>> ConfigSection::number_rows(const std::string& key) const {
    std::vector<std::vector<double>> rows;
    const ConfigNode* node = find(key);
    if (!node) return rows;
    if (node->kind != ConfigNode::Kind::list) fail(key, "is not a list");
    for (const ConfigNode& row : node->list) {
        if (row.kind != ConfigNode::Kind::list) fail(key, "is not a list of lists");
        std::vector<double>& values = rows.emplace_back();
        for (const ConfigNode& item : row.list) values.push_back(to_number(key, item));
    }
    return rows;
}

ConfigSection ConfigSection::section(const std::string& key) const {
    const ConfigNode* node = find(key);
    return node ? ConfigSection(key, *node) : ConfigSection(key, {});
}

void ConfigSection::ignore(const std::vector<std::string>& keys) const {
    state_->asked_for.insert(keys.begin(), keys.end());
}

std::vector<std::string> ConfigSection::unread_keys() const {
    std::vector<std::string> keys;
    for (const auto& [key, node] : state_->node.map)
        if (!state_->asked_for.contains(key)) keys.push_back(key);
    return keys;
}

}  // namespace msst::model
