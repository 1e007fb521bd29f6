#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.h"

namespace msst::config {

// Everything that is wrong with a configuration, gathered so that an administrator reads it all at once.
class Problems {
public:
    // From here on values come from `file` …
    void enter_file(std::string file) { file_ = std::move(file), variable_.clear(); }
    // … or from an environment variable.
    void enter_variable(std::string variable) { variable_ = std::move(variable); }

    // "msst.yaml:3", "MSST_PORT": where `node` was written.
    std::string place(int line) const;

    // key: the one whose value is wrong; may be empty.
    void add(int line, std::string_view key, const std::string& text);

    // The key that is read from here on: where it stands, and that it failed if something is added.
    void enter_key(const std::string& key, int line);

    // For values that contradict each other: told at the first of `keys` that somebody set. Not told when the
    // value of one of them was not understood, since what it would be compared with is only its default.
    void add_contradiction(const std::vector<std::string>& keys, const std::string& text);
    void warn(const std::vector<std::string>& keys, const std::string& text);

    const std::vector<std::string>& lines() const { return lines_; }
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    std::string first_origin(const std::vector<std::string>& keys) const;

    std::string file_;
    std::string variable_;
    std::string key_;
    std::set<std::string> failed_;
    std::map<std::string, std::string> origins_;
    std::vector<std::string> lines_;
    std::vector<std::string> warnings_;
};

// `text` in quotes, made fit for a message: one line, at most 60 bytes.
std::string quote(std::string_view text);

}  // namespace msst::config
