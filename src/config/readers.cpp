#include "config/readers.h"

#include <algorithm>
#include <cmath>

#include <arpa/inet.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/similar.h"
#include "config/units.h"
#include "yaml/scalars.h"

namespace msst::config {
namespace {

using yaml::Node;

bool is_word(const Node& node, const std::string& word) {
    return node.is_scalar() && to_lower_ascii(node.text) == word;
}

std::string in_words(WholeRange range) {
    return std::to_string(range.low) + " to " + std::to_string(range.high);
}

std::optional<int64_t> read_whole(const Node& node, const std::string& accepts, WholeRange range,
                                  std::string_view key, Problems& problems) {
    const auto number = yaml::to_whole(node);
    if (number && *number >= range.low && *number <= range.high) return number;
    problems.add(node.line, key, "must be a whole number, " + accepts + ", not " + describe_value(node));
    return std::nullopt;
}

template <typename T>
Key make_whole_key(KeyText text, T Config::*member, WholeRange range) {
    const std::string accepts = in_words(range);
    return {.name = text.name,
            .accepts = accepts,
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (const auto number = read_whole(node, accepts, range, text.name, problems))
                        config.*member = static_cast<T>(*number);
                },
            .show = [=](const Config& config) { return std::to_string(config.*member); }};
}

template <typename T>
Key make_whole_or_key(KeyText text, std::optional<T> Config::*member, std::string word, WholeRange range) {
    const std::string accepts = in_words(range) + ", or " + word;
    return {.name = text.name,
            .accepts = accepts,
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (is_word(node, word))
                        config.*member = std::nullopt;
                    else if (const auto number = read_whole(node, accepts, range, text.name, problems))
                        config.*member = static_cast<T>(*number);
                },
            .show = [=](const Config& c) { return c.*member ? std::to_string(*(c.*member)) : word; }};
}

std::string in_words(NumberRange range) {
    const std::string unit = range.unit_seconds == 1 ? " seconds" : " hours";
    return show_number(range.low) + " to " + show_number(range.high) + unit + ", or with ms s m h d";
}

std::optional<double> read_duration(const Node& node, const std::string& accepts, NumberRange range,
                                    std::string_view key, Problems& problems) {
    const auto seconds = node.is_scalar() ? parse_duration(node.text, range.unit_seconds) : std::nullopt;
    const double number = seconds.value_or(-1) / range.unit_seconds;
    if (seconds && number >= range.low && number <= range.high) return number;
    problems.add(node.line, key, "must be a time, " + accepts + ", not " + describe_value(node));
    return std::nullopt;
}

// An address of either family, or a name by the letters that names have.
bool is_host(const std::string& host) {
    in6_addr address{};
    if (inet_pton(AF_INET6, host.c_str(), &address) == 1) return true;
    const bool letters = std::ranges::all_of(host, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-';
    });
    const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
    return letters && host.size() <= 253 && (!numeric || inet_pton(AF_INET, host.c_str(), &address) == 1);
}

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

std::string join_words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string describe_value(const Node& node) {
    return node.is_scalar() ? quote(node.text) : std::string(yaml::kind_in_words(node));
}

std::string show_text(const std::string& text) {
    using nlohmann::json;
    return json(text).dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

std::optional<std::string> read_text(const Node& node, std::string_view key, Problems& problems) {
    if (node.is_scalar() && !node.text.empty()) return node.text;
    problems.add(node.line, key, "must be text, not " + (node.is_scalar() ? "empty" : describe_value(node)));
    return std::nullopt;
}

Key flag_key(KeyText text, bool Config::*member) {
    return {.name = text.name,
            .accepts = "true or false",
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (const auto value = yaml::to_bool(node))
                        config.*member = *value;
                    else
                        problems.add(node.line, text.name,
                                     "must be true or false, not " + describe_value(node));
                },
            .show = [=](const Config& config) { return config.*member ? "true" : "false"; }};
}

Key whole_key(KeyText text, int Config::*member, WholeRange range) {
    return make_whole_key(std::move(text), member, range);
}

Key whole_key(KeyText text, int64_t Config::*member, WholeRange range) {
    return make_whole_key(std::move(text), member, range);
}

Key whole_or_key(KeyText text, std::optional<int> Config::*member, std::string word, WholeRange range) {
    return make_whole_or_key(std::move(text), member, std::move(word), range);
}

Key whole_or_key(KeyText text, std::optional<int64_t> Config::*member, std::string word, WholeRange range) {
    return make_whole_or_key(std::move(text), member, std::move(word), range);
}

Key size_key(KeyText text, int64_t Config::*member, WholeRange bytes) {
    const std::string accepts =
        show_size(bytes.low) + " to " + show_size(bytes.high) + ", in bytes or with KB MB GB KiB MiB GiB";
    return {.name = text.name,
            .accepts = accepts,
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    const auto size = node.is_scalar() ? parse_size(node.text) : std::nullopt;
                    if (size && *size >= bytes.low && *size <= bytes.high)
                        config.*member = *size;
                    else
                        problems.add(node.line, text.name,
                                     "must be a size, " + accepts + ", not " + describe_value(node));
                },
            .show = [=](const Config& config) { return show_size(config.*member); }};
}

Key hours_key(KeyText text, double Config::*member, NumberRange range) {
    const std::string accepts = in_words(range);
    return {.name = text.name,
            .accepts = accepts,
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (const auto hours = read_duration(node, accepts, range, text.name, problems))
                        config.*member = *hours;
                },
            .show = [=](const Config& config) { return show_number(config.*member); }};
}

Key seconds_key(KeyText text, std::chrono::milliseconds Config::*member, NumberRange range) {
    const std::string accepts = in_words(range);
    return {.name = text.name,
            .accepts = accepts,
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (const auto seconds = read_duration(node, accepts, range, text.name, problems))
                        config.*member = std::chrono::milliseconds(std::llround(*seconds * 1000));
                },
            .show = [=](const Config& config) { return show_number((config.*member).count() / 1000.); }};
}

Key word_key(KeyText text, std::string Config::*member, std::vector<std::string> words) {
    return {.name = text.name,
            .accepts = join_words(words),
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    const std::string word = node.is_scalar() ? to_lower_ascii(node.text) : "";
                    if (std::ranges::count(words, word) > 0)
                        config.*member = word;
                    else
                        problems.add(node.line, text.name,
                                     "must be one of " + join_words(words) + ", not " + describe_value(node) +
                                         did_you_mean(word, words));
                },
            .show = [=](const Config& config) { return config.*member; }};
}

Key host_key(KeyText text) {
    return {.name = text.name,
            .accepts = "an IP address or a host name",
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    const auto host = read_text(node, text.name, problems);
                    if (host && is_host(*host))
                        config.host = *host;
                    else if (host)
                        problems.add(node.line, text.name,
                                     "must be an IP address (IPv6 without brackets) or a host name, not " +
                                         quote(*host));
                },
            .show = [](const Config& config) { return show_text(config.host); }};
}

Key model_name_key(KeyText text) {
    return {.name = text.name,
            .accepts = "the name of an installed model",
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    const auto name = read_text(node, text.name, problems);
                    if (name && is_model_name(*name))
                        config.default_model_type = *name;
                    else if (name)
                        problems.add(node.line, text.name,
                                     "must be " + std::string(kModelNameRule) + ", not " + quote(*name));
                },
            .show = [](const Config& config) { return show_text(config.default_model_type); }};
}

Key log_file_key(KeyText text) {
    return {.name = text.name,
            .accepts = "a path, - or auto",
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    const auto path = read_text(node, text.name, problems);
                    if (path) config.log_file = is_word(node, "auto") ? "" : *path;
                },
            .show = [](const Config& c) { return c.log_file.empty() ? "auto" : show_text(c.log_file); }};
}

Key path_key(KeyText text, std::filesystem::path Config::*member) {
    return {.name = text.name,
            .accepts = "a path",
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (const auto path = read_text(node, text.name, problems)) config.*member = *path;
                },
            .show = [=](const Config& config) { return show_text(config.*member); }};
}

Key models_key(KeyText text) {
    return {.name = text.name,
            .accepts = "a list of {model_type, architecture, config_path, checkpoint_path}",
            .help = text.help,
            .read =
                [](const Node& node, Config& config, Problems& problems) {
                    config.models.clear();
                    if (!node.is_sequence() && !node.is_null())
                        problems.add(node.line, "models", "must be a list, not " + describe_value(node));
                    for (const Node& item : node.items) read_model(item, config, problems);
                },
            .show = show_models,
            .is_list = true};
}

}  // namespace msst::config
