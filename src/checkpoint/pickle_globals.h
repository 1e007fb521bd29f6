#pragma once

#include <functional>

#include "checkpoint/pickle_value.h"

namespace msst::checkpoint {

// Called with the number of items or characters about to be copied; throws when the pickle has had its share.
using ChargeItems = std::function<void(size_t)>;

// What calling `callable` with the tuple `args` stands for: a container, a tensor, a number, or Opaque for
// every name without a meaning here. Throws Error(invalid_input) when a meaningful one has senseless
// arguments.
PickleValue reduce_global(const PickleTree& tree, ValueId callable, ValueId args, const ChargeItems& charge);

// What a persistent id, ('storage', type, key, location, elements[, view]), stands for.
Storage read_persistent_id(const PickleTree& tree, ValueId id);

}  // namespace msst::checkpoint
