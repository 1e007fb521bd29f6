#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "yaml/node.h"

// Reads YAML (and so JSON) that strangers may have written. Aliases are refused, so that a few lines cannot
// stand for gigabytes; size, depth and number of values are bounded; tags are looked at by nobody.

namespace msst::yaml {

struct Limits {
    size_t max_bytes = size_t{1024} * 1024;
    int max_depth = 32;
    int max_nodes = 100'000;
};

// The one document in `text`; an empty text gives a null node. `name` stands before the line in messages.
// Throws Error(invalid_input, "msst.yaml:3: …").
Node parse_document(std::string_view text, const std::string& name, const Limits& limits = {});

// The same for a file. Reads at most max_bytes, from regular files only; a text that is no UTF-8 is taken for
// Windows-1252, as Western editors wrote it. Throws Error(not_found) when the file is missing and
// Error(invalid_input) when it is too long, no regular file, or damaged.
Node read_document(const std::filesystem::path& file, const Limits& limits = {});

}  // namespace msst::yaml
