#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/backend.h"
#include "model/model_config.h"
#include "model/weights.h"
#include "separation/chunked_separator.h"

namespace msst::separation {

struct LoadedNetwork {
    std::shared_ptr<const Separator> separator;
    std::vector<std::string> warnings;  // where configuration and weights disagree
    graph::Plan plan;                   // memory and work of one chunk
    int64_t weight_bytes = 0;           // of all weights and tables, as float32
};

// A separator that runs a network of MSST's on `backend`, chunk by chunk, with the configuration's overlap
// and batches. With a target only its stem is computed. A network with one stem and no target gives the same
// stem under every name, as MSST does. Throws Error(invalid_input) for whatever model::build_network refuses.
LoadedNetwork load_network(const std::string& architecture, const model::ModelConfig& config,
                           const std::shared_ptr<const model::Weights>& weights,
                           const graph::Backend& backend);

}  // namespace msst::separation
