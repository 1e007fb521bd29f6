#include "model/config_section.h"

#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "yaml/scalars.h"

namespace msst::model {

using yaml::Node;

struct ConfigSection::State {
    std::string name;
    Node node;
    std::set<std::string> asked_for;
};

ConfigSection::ConfigSection(std::string name, Node node)
    : state_(std::make_shared<State>(State{std::move(name), std::move(node), {}})) {
    if (!state_->node.is_mapping() && !state_->node.is_null())
        throw Error(ErrorCode::invalid_input, "'" + state_->name + "' in the configuration is not a section");
}

const Node* ConfigSection::find(const std::string& key) const {
    state_->asked_for.insert(key);
    const Node* found = state_->node.find(key);
    return found && !found->is_null() ? found : nullptr;
}

const Node& ConfigSection::require(const std::string& key) const {
    const Node* node = find(key);
    if (!node) fail(key, "is missing");
    return *node;
}

void ConfigSection::fail(const std::string& key, const std::string& problem) const {
    const std::string path = state_->name.empty() ? key : state_->name + "." + key;
    throw Error(ErrorCode::invalid_input, "'" + path + "' in the configuration " + problem);
}

int64_t ConfigSection::to_integer(const std::string& key, const Node& node) const {
    const double value = to_number(key, node);
    if (!(value >= -0x1p53 && value <= 0x1p53) || value != static_cast<double>(static_cast<int64_t>(value)))
        fail(key, "is '" + clean_text(node.text, 100) + "', not a whole number");
    return static_cast<int64_t>(value);
}

double ConfigSection::to_number(const std::string& key, const Node& node) const {
    const auto value = yaml::to_number(node);
    if (!value) fail(key, "is '" + clean_text(node.text, 100) + "', not a number");
    return *value;
}

bool ConfigSection::has(const std::string& key) const {
    return find(key) != nullptr;
}

bool ConfigSection::is_map(const std::string& key) const {
    const Node* node = find(key);
    return node && node->is_mapping();
}

int64_t ConfigSection::integer(const std::string& key) const {
    return to_integer(key, require(key));
}

int64_t ConfigSection::integer(const std::string& key, int64_t fallback) const {
    const Node* node = find(key);
    return node ? to_integer(key, *node) : fallback;
}

double ConfigSection::number(const std::string& key) const {
    return to_number(key, require(key));
}

double ConfigSection::number(const std::string& key, double fallback) const {
    const Node* node = find(key);
    return node ? to_number(key, *node) : fallback;
}

bool ConfigSection::boolean(const std::string& key, bool fallback) const {
    const Node* node = find(key);
    if (!node) return fallback;
    const auto value = node->is_scalar() ? yaml::parse_bool(node->text) : std::nullopt;
    if (!value) fail(key, "is '" + clean_text(node->text, 100) + "', neither true nor false");
    return *value;
}

std::string ConfigSection::text(const std::string& key) const {
    const Node& node = require(key);
    if (!node.is_scalar()) fail(key, "is not a text");
    return std::string(trim(node.text));
}

std::string ConfigSection::text(const std::string& key, const std::string& fallback) const {
    return has(key) ? text(key) : fallback;
}

std::vector<int64_t> ConfigSection::integers(const std::string& key) const {
    const Node& node = require(key);
    if (!node.is_sequence()) fail(key, "is not a list");
    std::vector<int64_t> values;
    for (const Node& item : node.items) values.push_back(to_integer(key, item));
    return values;
}

std::vector<double> ConfigSection::numbers(const std::string& key) const {
    const Node& node = require(key);
    if (!node.is_sequence()) fail(key, "is not a list");
    std::vector<double> values;
    for (const Node& item : node.items) values.push_back(to_number(key, item));
    return values;
}

std::vector<std::string> ConfigSection::texts(const std::string& key) const {
    const Node& node = require(key);
    if (!node.is_sequence()) fail(key, "is not a list");
    std::vector<std::string> values;
    for (const Node& item : node.items) {
        if (!item.is_scalar()) fail(key, "holds something that is not a text");
        values.emplace_back(trim(item.text));
    }
    return values;
}

std::vector<std::vector<double>> ConfigSection::number_rows(const std::string& key) const {
    std::vector<std::vector<double>> rows;
    const Node* node = find(key);
    if (!node) return rows;
    if (!node->is_sequence()) fail(key, "is not a list");
    for (const Node& row : node->items) {
        if (!row.is_sequence()) fail(key, "is not a list of lists");
        std::vector<double>& values = rows.emplace_back();
        for (const Node& item : row.items) values.push_back(to_number(key, item));
    }
    return rows;
}

ConfigSection ConfigSection::section(const std::string& key) const {
    const Node* node = find(key);
    return node ? ConfigSection(key, *node) : ConfigSection(key, {});
}

void ConfigSection::ignore(const std::vector<std::string>& keys) const {
    state_->asked_for.insert(keys.begin(), keys.end());
}

std::vector<std::string> ConfigSection::unread_keys() const {
    std::set<std::string> keys;
    for (const yaml::Entry& entry : state_->node.entries)
        if (!state_->asked_for.contains(entry.key)) keys.insert(entry.key);
    return {keys.begin(), keys.end()};
}

}  // namespace msst::model
