#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace msst::yaml {

struct Entry;

// One value of a YAML or JSON document, as it is written: scalars stay text until somebody asks for a number
// (yaml/scalars.h), duplicate keys stay side by side, and every value knows its line.
struct Node {
    enum class Kind { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    std::string text;            // of a scalar
    bool quoted = false;         // "true" in quotes is a word, not a boolean
    int line = 0;                // from 1; 0: not from a file
    std::vector<Node> items;     // of a sequence
    std::vector<Entry> entries;  // of a mapping, in the order of the file

    bool is_null() const { return kind == Kind::null; }
    bool is_scalar() const { return kind == Kind::scalar; }
    bool is_sequence() const { return kind == Kind::sequence; }
    bool is_mapping() const { return kind == Kind::mapping; }

    // The value of `key`, the last one where it is given twice (as PyYAML has it); null when there is none or
    // this is no mapping.
    const Node* find(std::string_view key) const;
};

struct Entry {
    std::string key;
    int line = 0;
    Node value;
};

// "a list", "a mapping", "text", "nothing": for messages.
std::string_view kind_in_words(const Node& node);

// A scalar that never came from a file, such as an environment variable.
Node make_scalar(std::string text);

}  // namespace msst::yaml
