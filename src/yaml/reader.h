#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "yaml/node.h"

// Reads YAML (and so JSON) that strangers may have written: the administrator's configuration and those of
// models. Size, depth and number of values are bounded, and what aliases stand for counts towards all three,
// so that a few lines cannot stand for gigabytes. Of tags !!python/tuple is understood, as a list; others of
// Python's are refused, the rest is looked at by nobody.

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

// The same with a name of its own in messages about what the file holds: clients read those, and learn no
// path.
Node read_document_as(const std::string& name, const std::filesystem::path& file, const Limits& limits = {});

}  // namespace msst::yaml
