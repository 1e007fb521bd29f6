#include "checkpoint/pickle_value.h"

#include "base/text.h"

namespace msst::checkpoint {
namespace {

struct Describe {
    std::string operator()(const None&) const { return "None"; }
    std::string operator()(bool) const { return "a boolean"; }
    std::string operator()(int64_t) const { return "an integer"; }
    std::string operator()(double) const { return "a number"; }
    std::string operator()(const std::string&) const { return "a text"; }
    std::string operator()(const ByteString&) const { return "bytes"; }
    std::string operator()(const Dict&) const { return "a dict"; }
    std::string operator()(const Storage&) const { return "a storage"; }
    std::string operator()(const StoredTensor&) const { return "a tensor"; }
    std::string operator()(const Global& global) const { return clean_text(global.name, 100); }
    std::string operator()(const Opaque& opaque) const {
        return "an object of " + clean_text(opaque.origin, 100);
    }
    std::string operator()(const Sequence& sequence) const {
        switch (sequence.kind) {
            case SequenceKind::list:
                return "a list";
            case SequenceKind::tuple:
                return "a tuple";
            case SequenceKind::set:
                return "a set";
        }
        return "a sequence";
    }
};

}  // namespace

const ValueId* PickleTree::find(const Dict& dict, std::string_view key) const {
    for (auto entry = dict.entries.rbegin(); entry != dict.entries.rend(); ++entry) {
        const std::string* text = get_if<std::string>(entry->first);
        if (text && *text == key) return &entry->second;
    }
    return nullptr;
}

std::string PickleTree::describe(ValueId id) const {
    return std::visit(Describe(), values_[id]);
}

}  // namespace msst::checkpoint
