#pragma once

#include <string>

#include "config/config.h"

// The configuration as text, made from the table of keys.

namespace msst::config {

// msst.example.yaml: every key with its default and what it means.
std::string example_file();

// The table of docs/configuration.md.
std::string markdown_table();

// `config` as a file that reads back to it; API keys appear as hashes.
std::string show_config(const Config& config);

// The same for worker processes, which know nothing of HTTP: without API keys.
std::string show_config_for_workers(const Config& config);

// The same for people's eyes: keys only by name.
std::string show_config_without_secrets(const Config& config);

}  // namespace msst::config
