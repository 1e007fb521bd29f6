#pragma once

#include <span>
#include <vector>

#include "graph/graph.h"

namespace msst::graph {

// Which outputs depend on which node: a run leaves out what no wanted output depends on.
class NodeUses {
public:
    explicit NodeUses(const Graph& graph);

    // outputs: as Executable::run gets them, an empty one is not wanted. Sets `needed`, [nodes].
    void find_needed(std::span<const std::span<float>> outputs, std::vector<bool>& needed) const;

private:
    std::vector<std::vector<int>> outputs_of_;  // per node, numbers of the graph's outputs
};

}  // namespace msst::graph
