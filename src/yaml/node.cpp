#include "yaml/node.h"

#include <algorithm>
#include <utility>

namespace msst::yaml {

const Node* Node::find(std::string_view key) const {
    const auto entry =
        std::find_if(entries.rbegin(), entries.rend(), [&](const Entry& e) { return e.key == key; });
    return entry == entries.rend() ? nullptr : &entry->value;
}

std::string_view kind_in_words(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::scalar:
            return "text";
        case Node::Kind::sequence:
            return "a list";
        case Node::Kind::mapping:
            return "a mapping";
    }
    return "nothing";
}

Node make_scalar(std::string text) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = std::move(text);
    return node;
}

}  // namespace msst::yaml
