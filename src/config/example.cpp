#include "config/example.h"

#include "config/keys.h"

namespace msst::config {
namespace {

// The second and following characters of a value in a Markdown table must not end the cell.
std::string in_cell(const std::string& text) {
    std::string cell;
    for (const char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
    return cell;
}

}  // namespace

std::string example_file() {
    std::string text =
        "# Configuration of msst: every key with its default. Copy to msst.yaml and keep what you change.\n"
        "# Each key can also be given as an environment variable: MSST_PORT=9000.\n"
        "# Made by `msst check --print-example`; docs/configuration.md says more.\n";
    for (const KeyGroup& group : key_groups()) {
        text += "\n# ---- " + group.title + "\n";
        for (const Key& key : group.keys)
            text += "\n# " + key.help + "\n# (" + key.accepts + ")\n" + key.name + ": " + key.show(Config{}) +
                    "\n";
    }
    return text;
}

std::string markdown_table() {
    std::string text = "| key | default | accepts | meaning |\n|---|---|---|---|\n";
    for (const KeyGroup& group : key_groups()) {
        text += "| **" + group.title + "** | | | |\n";
        for (const Key& key : group.keys)
            text += "| `" + key.name + "` | `" + key.show(Config{}) + "` | " + in_cell(key.accepts) + " | " +
                    in_cell(key.help) + " |\n";
    }
    return text;
}

std::string show_config(const Config& config) {
    std::string text;
    for (const KeyGroup& group : key_groups())
        for (const Key& key : group.keys) text += key.name + ": " + key.show(config) + "\n";
    return text;
}

std::string show_config_for_workers(const Config& config) {
    Config shown = config;
    shown.api_keys.clear();
    shown.enable_auth = false;
    shown.allow_public_without_auth = true;  // they listen nowhere
    return show_config(shown);
}

std::string show_config_without_secrets(const Config& config) {
    std::string names;
    for (const ApiKey& key : config.api_keys) names += (names.empty() ? "" : ", ") + key.name;
    Config shown = config;
    shown.api_keys.clear();
    std::string text = show_config(shown);
    const std::string empty = "api_keys: []";
    if (!names.empty()) text.replace(text.find(empty), empty.size(), "api_keys: [...]  # hidden: " + names);
    return text;
}

}  // namespace msst::config
