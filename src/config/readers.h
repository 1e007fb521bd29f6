#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/keys.h"

// Makers of Key: one per kind of value. Each derives what it accepts in words from the same limits it checks.

namespace msst::config {

struct KeyText {
    std::string name;
    std::string help;
};

struct WholeRange {
    int64_t low;
    int64_t high;
};

// For durations; in the unit of a plain number.
struct NumberRange {
    double low;
    double high;
    double unit_seconds;  // 1 or 3600
};

Key flag_key(const KeyText& text, bool Config::*member);
Key whole_key(const KeyText& text, int Config::*member, WholeRange range);
Key whole_key(const KeyText& text, int64_t Config::*member, WholeRange range);
// `word` ("auto", "none") stands for no number.
Key whole_or_key(const KeyText& text, std::optional<int> Config::*member, const std::string& word,
                 WholeRange range);
Key whole_or_key(const KeyText& text, std::optional<int64_t> Config::*member, const std::string& word,
                 WholeRange range);
Key size_key(const KeyText& text, int64_t Config::*member, WholeRange bytes);
Key hours_key(const KeyText& text, double Config::*member, NumberRange range);
Key seconds_key(const KeyText& text, std::chrono::milliseconds Config::*member, NumberRange range);
Key word_key(const KeyText& text, std::string Config::*member, std::vector<std::string> words);
// Text that `is_valid`; `rule` is what it must be, in words for a message.
Key valid_text_key(const KeyText& text, std::string Config::*member, const std::string& accepts,
                   const std::string& rule, bool (*is_valid)(const std::string&));
Key host_key(const KeyText& text);
Key log_file_key(const KeyText& text);
Key path_key(const KeyText& text, std::filesystem::path Config::*member);

// "a, b, c"
std::string join_words(const std::vector<std::string>& words);
// A value for a message: the scalar in quotes, or what kind of thing it is.
std::string describe_value(const yaml::Node& node);

// A string for a file: in double quotes with JSON's escapes, which YAML reads too.
std::string show_text(const std::string& text);

// A scalar that is not empty, or none and a problem.
std::optional<std::string> read_text(const yaml::Node& node, std::string_view key, Problems& problems);

}  // namespace msst::config
