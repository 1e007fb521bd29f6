#pragma once

#include <functional>

#include "checkpoint/pickle_value.h"

namespace msst::checkpoint {

// What both of torch.save's formats come down to.
struct TorchFile {
    PickleTree tree;

    // The bytes of a storage: exactly storage.elements elements. Throws Error(invalid_input) when the file
    // does not have them.
    std::function<Bytes(const Storage&)> block_of;
};

}  // namespace msst::checkpoint
