#include "graph/node_uses.h"

#include <algorithm>

namespace msst::graph {

NodeUses::NodeUses(const Graph& graph) : outputs_of_(graph.nodes().size()) {
    for (int output = 0; output < std::ssize(graph.outputs()); ++output) {
        std::vector<bool> is_read(graph.tensors().size());
        is_read[graph.outputs()[output].index] = true;
        for (size_t n = graph.nodes().size(); n-- > 0;) {
            const Node& node = graph.nodes()[n];
            if (!is_read[node.output.index]) continue;
            outputs_of_[n].push_back(output);
            for (const TensorId input : node.inputs)
                if (input.is_present()) is_read[input.index] = true;
        }
    }
}

void NodeUses::find_needed(std::span<const std::span<float>> outputs, std::vector<bool>& needed) const {
    needed.resize(outputs_of_.size());
    for (size_t n = 0; n < outputs_of_.size(); ++n)
        needed[n] = std::ranges::any_of(outputs_of_[n], [&](int output) { return !outputs[output].empty(); });
}

}  // namespace msst::graph
