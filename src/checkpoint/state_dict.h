#pragma once

#include <map>
#include <string>
#include <vector>

#include "checkpoint/metadata.h"
#include "checkpoint/pickle_value.h"

// Where the weights are in what people save: at top level, under "state",
// "state_dict", "model_state_dict" …, with "module." before every name.

namespace msst::checkpoint {

struct StateDict {
    std::map<std::string, ValueId> tensors;  // every value is a StoredTensor
    Metadata metadata;                       // of the wrappers passed on the way
};

// Throws Error(invalid_input) if there are no tensors, naming what is there instead.
StateDict find_state_dict(const PickleTree& tree);

// New name -> name as stored: without what training wrappers put before all of them, EMA weights instead of
// their online twins, bookkeeping (num_batches_tracked, STFT windows) left out.
std::map<std::string, std::string> normalise_names(const std::vector<std::string>& names);

}  // namespace msst::checkpoint
