#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/model_config.h"
#include "model/weights.h"

// From a configuration and weights to a graph.

namespace msst::model {

// A network for one chunk: input [channels, chunk_frames]; one output [stems, channels, chunk_frames], or,
// where stems can be computed one without the other, an output [channels, chunk_frames] for each.
struct Network {
    graph::Graph graph;
    int64_t channels = 2;
    int64_t stems = 1;  // that the graph computes
    int64_t chunk_frames = 0;
    std::vector<std::string> warnings;  // where the configuration disagrees with the weights, and such
};

struct NetworkOptions {
    // Only these stems of the network, in this order; nothing: all of them. Of a network with one stem it is
    // always that one.
    std::optional<std::vector<int>> stems;
    // Gets what is wrong with the weights, which is then not thrown: the graph can be looked at, not run.
    WeightFaults* faults = nullptr;
};

// The architectures that can be built, by MSST's names.
std::vector<std::string> supported_architectures();

// architecture: MSST's name ("bs_roformer"). Throws Error(invalid_input) for architectures and variants that
// are not supported, by name, for weights that are missing, have another shape or are left over.
Network build_network(const std::string& architecture, const ModelConfig& config,
                      const std::shared_ptr<const Weights>& weights, const NetworkOptions& options = {});

}  // namespace msst::model
