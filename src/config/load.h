#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace msst::config {

using Environment = std::map<std::string, std::string>;

struct Loaded {
    Config config;
    std::vector<std::string> warnings;  // for the log, in the administrator's words
    std::filesystem::path file;         // the one that was read; empty: none
};

// The file looked for without -c.
inline constexpr const char* kDefaultFile = "msst.yaml";

// Defaults, then `file` (without one: ./msst.yaml), then MSST_<KEY> of `environment`. A missing file is a
// warning (R10.2). Throws Error(invalid_input) with one line per problem, "msst.yaml:3: port must be …", all
// at once (R10.3); Error(unavailable) when the file is there but cannot be read.
Loaded load_config(const std::optional<std::filesystem::path>& file, const Environment& environment);

// The same for a text; `name` stands before the line in messages.
Loaded parse_config(std::string_view text, const std::string& name, const Environment& environment);

// The variables of this process whose names begin with MSST_.
Environment msst_environment();

}  // namespace msst::config
