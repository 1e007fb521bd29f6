#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "checkpoint/element_type.h"

// What a pickle describes, as plain data. Values refer to one another by
// number, so shared and even circular pickles are held without recursion; code
// that walks them must bound its own depth.

namespace msst::checkpoint {

using ValueId = uint32_t;

struct None {};

enum class SequenceKind { list, tuple, set };

struct Sequence {
    SequenceKind kind = SequenceKind::list;
    std::vector<ValueId> items;
};

struct Dict {
    std::vector<std::pair<ValueId, ValueId>>
        entries;  // in the order written; of equal keys the last one counts
};

// The name of something a pickle would have Python import. Never imported.
struct Global {
    std::string name;  // "collections.OrderedDict"
};

// What we do not understand and did not run: the name of the global it would have come from.
struct Opaque {
    std::string origin;
};

struct ByteString {
    std::string bytes;
};

struct Storage {
    ElementType type = ElementType::float32;
    std::string key;
    int64_t first = 0;     // elements of the stored block before this one's (legacy views)
    int64_t elements = 0;  // as the pickle claims; checked when a tensor is read
};

struct StoredTensor {
    Storage storage;
    int64_t offset = 0;  // in elements
    std::vector<int64_t> shape;
    std::vector<int64_t> strides;  // in elements
};

using PickleValue = std::variant<None, bool, int64_t, double, std::string, ByteString, Sequence, Dict, Global,
                                 Opaque, Storage, StoredTensor>;

class PickleTree {
public:
    const PickleValue& operator[](ValueId id) const { return values_[id]; }
    PickleValue& operator[](ValueId id) { return values_[id]; }

    ValueId add(PickleValue value) {
        values_.push_back(std::move(value));
        return static_cast<ValueId>(values_.size() - 1);
    }
    size_t size() const { return values_.size(); }

    ValueId root = 0;

    template <class Type>
    const Type* get_if(ValueId id) const {
        return std::get_if<Type>(&values_[id]);
    }

    // The value a dict has under a text key; null: no such key.
    const ValueId* find(const Dict& dict, std::string_view key) const;

    // "a dict", "a list", "demucs.htdemucs.HTDemucs", for messages.
    std::string describe(ValueId id) const;

private:
    std::vector<PickleValue> values_;
};

}  // namespace msst::checkpoint
