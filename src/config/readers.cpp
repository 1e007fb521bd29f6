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
    const auto number = node.is_scalar() ? yaml::parse_whole(node.text) : std::nullopt;
    if (number && *number >= range.low && *number <= range.high) return number;
    problems.add(node.line, key, "must be a whole number, " + accepts + ", not " + describe_value(node));
    return std::nullopt;
}

template <typename T>
Key make_whole_key(const KeyText& text, T Config::*member, WholeRange range) {
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
Key make_whole_or_key(const KeyText& text, std::optional<T> Config::*member, const std::string& word,
                      WholeRange range) {
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

Key flag_key(const KeyText& text, bool Config::*member) {
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

Key whole_key(const KeyText& text, int Config::*member, WholeRange range) {
    return make_whole_key(text, member, range);
}

Key whole_key(const KeyText& text, int64_t Config::*member, WholeRange range) {
    return make_whole_key(text, member, range);
}

Key whole_or_key(const KeyText& text, std::optional<int> Config::*member, const std::string& word,
                 WholeRange range) {
    return make_whole_or_key(text, member, word, range);
}

Key whole_or_key(const KeyText& text, std::optional<int64_t> Config::*member, const std::string& word,
                 WholeRange range) {
    return make_whole_or_key(text, member, word, range);
}

Key size_key(const KeyText& text, int64_t Config::*member, WholeRange bytes) {
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

Key hours_key(const KeyText& text, double Config::*member, NumberRange range) {
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

Key seconds_key(const KeyText& text, std::chrono::milliseconds Config::*member, NumberRange range) {
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

Key word_key(const KeyText& text, std::string Config::*member, std::vector<std::string> words) {
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

Key valid_text_key(const KeyText& text, std::string Config::*member, const std::string& accepts,
                   const std::string& rule, bool (*is_valid)(const std::string&)) {
    return {.name = text.name,
            .accepts = accepts,
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    const auto value = read_text(node, text.name, problems);
                    if (value && is_valid(*value))
                        config.*member = *value;
                    else if (value)
                        problems.add(node.line, text.name, "must be " + rule + ", not " + quote(*value));
                },
            .show = [=](const Config& config) { return show_text(config.*member); }};
}

Key host_key(const KeyText& text) {
    return valid_text_key(text, &Config::host, "an IP address or a host name",
                          "an IP address (IPv6 without brackets) or a host name", is_host);
}

Key log_file_key(const KeyText& text) {
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

Key path_key(const KeyText& text, std::filesystem::path Config::*member) {
    return {.name = text.name,
            .accepts = "a path",
            .help = text.help,
            .read =
                [=](const Node& node, Config& config, Problems& problems) {
                    if (const auto path = read_text(node, text.name, problems)) config.*member = *path;
                },
            .show = [=](const Config& config) { return show_text(config.*member); }};
}

}  // namespace msst::config
