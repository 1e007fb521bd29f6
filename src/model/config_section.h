#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "yaml/node.h"

namespace msst::model {

// A mapping with typed access. Remembers which keys were asked for. Cheap to copy; copies share that memory.
class ConfigSection {
public:
    // An empty section: every optional key is missing.
    ConfigSection() : ConfigSection("", {}) {}
    // name: for messages ("model"); of duplicate keys the last one counts; a null node is an empty section.
    // Throws Error(invalid_input) if the node is neither a map nor null.
    ConfigSection(std::string name, yaml::Node node);

    // Present and not null.
    bool has(const std::string& key) const;
    bool is_map(const std::string& key) const;

    // Without a fallback a missing key is Error(invalid_input), as is a value of another kind anywhere.
    int64_t integer(const std::string& key) const;
    int64_t integer(const std::string& key, int64_t fallback) const;
    double number(const std::string& key) const;
    double number(const std::string& key, double fallback) const;
    bool boolean(const std::string& key, bool fallback) const;
    std::string text(const std::string& key) const;  // trimmed
    std::string text(const std::string& key, const std::string& fallback) const;
    std::vector<int64_t> integers(const std::string& key) const;
    std::vector<double> numbers(const std::string& key) const;
    std::vector<std::string> texts(const std::string& key) const;  // trimmed
    // A list of lists of numbers; empty when it is missing.
    std::vector<std::vector<double>> number_rows(const std::string& key) const;
    ConfigSection section(const std::string& key) const;  // empty when missing

    // Keys are known without being read: training settings that do not matter here.
    void ignore(const std::vector<std::string>& keys) const;

    // Keys that nobody asked for.
    std::vector<std::string> unread_keys() const;  // sorted, none twice

private:
    struct State;

    const yaml::Node* find(const std::string& key) const;
    const yaml::Node& require(const std::string& key) const;
    [[noreturn]] void fail(const std::string& key, const std::string& problem) const;
    int64_t to_integer(const std::string& key, const yaml::Node& node) const;
    double to_number(const std::string& key, const yaml::Node& node) const;

    std::shared_ptr<State> state_;
};

}  // namespace msst::model
