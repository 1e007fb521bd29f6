#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/pickle_value.h"

namespace msst::checkpoint {

// What a checkpoint says besides its weights, as plain data: a Demucs package's `klass`, `args` and `kwargs`,
// Apollo's `model_name`, training metrics. Tensors and objects become text that names them.
struct Metadata {
    using List = std::vector<Metadata>;
    using Map = std::map<std::string, Metadata>;

    std::variant<std::monostate, bool, int64_t, double, std::string, List, Map> value;

    // The entry of a map; null: not a map or no such entry.
    const Metadata* find(const std::string& key) const;

    template <class Type>
    const Type* get_if() const {
        return std::get_if<Type>(&value);
    }
};

// The tree below a dict without `skipped_keys`. At most 10000 nodes, depth 8 and texts of 1000 bytes are
// kept; what is beyond becomes empty, since metrics of a long training are of no interest here.
Metadata read_metadata(const PickleTree& tree, const Dict& dict,
                       const std::vector<std::string>& skipped_keys);

}  // namespace msst::checkpoint
