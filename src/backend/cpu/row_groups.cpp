#include "backend/cpu/row_groups.h"

namespace msst::backend::cpu {

bool is_row_wise(const graph::Graph& graph, const graph::Node& node) {
    if (const auto* glu = std::get_if<graph::Glu>(&node.op))
        return glu->axis == std::ssize(graph.shape(node.output)) - 1;
    return std::holds_alternative<graph::Linear>(node.op) ||
           std::holds_alternative<graph::RmsNorm>(node.op) ||
           std::holds_alternative<graph::LayerNorm>(node.op);
}

int64_t rows_of(const graph::Graph& graph, const graph::Node& node) {
    const graph::Shape& shape = graph.shape(node.output);
    return graph::elements(shape) / shape.back();
}

std::vector<int> find_row_groups(const graph::Graph& graph) {
    std::vector<int> groups;
    for (size_t n = 0; n < graph.nodes().size(); ++n) {
        const graph::Node& node = graph.nodes()[n];
        const graph::Node* before = n > 0 ? &graph.nodes()[n - 1] : nullptr;
        const bool continues = before && is_row_wise(graph, node) && is_row_wise(graph, *before) &&
                               node.inputs[0] == before->output &&
                               rows_of(graph, node) == rows_of(graph, *before);
        const int last = groups.empty() ? -1 : groups.back();
        groups.push_back(continues ? last : last + 1);
    }
    return groups;
}

std::vector<bool> find_pieces(const graph::Graph& graph) {
    const std::vector<int> groups = find_row_groups(graph);
    std::vector<int> group_of(graph.tensors().size(), -1);  // -1: not within a group
    std::vector<bool> is_read(graph.tensors().size(), false);
    for (size_t n = 0; n < graph.nodes().size(); ++n) {
        const graph::Node& node = graph.nodes()[n];
        if (is_row_wise(graph, node)) group_of[node.output.index] = groups[n];
        for (const graph::TensorId input : node.inputs) {
            if (!input.is_present()) continue;
            is_read[input.index] = true;
            if (group_of[input.index] != groups[n]) group_of[input.index] = -1;
        }
    }
    for (const graph::TensorId output : graph.outputs()) group_of[output.index] = -1;
    std::vector<bool> pieces(group_of.size());
    for (size_t i = 0; i < group_of.size(); ++i) pieces[i] = is_read[i] && group_of[i] >= 0;
    return pieces;
}

}  // namespace msst::backend::cpu
