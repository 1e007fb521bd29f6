#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/problems.h"
#include "yaml/node.h"

namespace msst::config {

// One key of the configuration. Everything that deals with keys goes through keys(): the file, the
// environment, msst.example.yaml, the table in docs/configuration.md.
struct Key {
    std::string name;
    std::string accepts;  // in words: "0 to 65535"
    std::string help;

    // Puts the value into the configuration, or says what is wrong with it.
    std::function<void(const yaml::Node&, Config&, Problems&)> read;
    // The value as it is written in a file, on one line of flow style. Without secrets: API keys appear as
    // hashes.
    std::function<std::string(const Config&)> show;

    bool is_list = false;  // in the environment a comma list will do
};

struct KeyGroup {
    std::string title;
    std::vector<Key> keys;
};

// All there are, in the order of the documentation.
const std::vector<KeyGroup>& key_groups();

const Key* find_key(std::string_view name);
std::vector<std::string> key_names();

// MSST_PORT for "port".
std::string variable_name(std::string_view key);

}  // namespace msst::config
