#include "backend/cpu/storage.h"

#include <algorithm>

namespace msst::backend::cpu {
namespace {

using graph::Node;

bool writes_bfloat16(const Node& node) {
    if (std::holds_alternative<graph::Linear>(node.op))
        return !node.inputs[graph::Linear::kResidual].is_present();
    return std::holds_alternative<graph::RmsNorm>(node.op) ||
           std::holds_alternative<graph::LayerNorm>(node.op) || std::holds_alternative<graph::Glu>(node.op) ||
           std::holds_alternative<graph::BandNorm>(node.op) ||
           std::holds_alternative<graph::BandLinear>(node.op) ||
           std::holds_alternative<graph::Attention>(node.op) || std::holds_alternative<graph::Lstm>(node.op);
}

bool reads_bfloat16(const Node& node, size_t input) {
    if (std::holds_alternative<graph::Linear>(node.op)) return input == graph::Linear::kX;
    if (std::holds_alternative<graph::BandLinear>(node.op)) return input == 0;
    if (std::holds_alternative<graph::Glu>(node.op)) return true;
    if (std::holds_alternative<graph::Lstm>(node.op)) return input == graph::Lstm::kX;
    if (std::holds_alternative<graph::Attention>(node.op)) return input != graph::Attention::kPosition;
    return false;
}

}  // namespace

std::vector<Storage> choose_storage(const graph::Graph& graph, bool uses_bfloat16) {
    const size_t count = graph.tensors().size();
    std::vector<Storage> storage(count, Storage::float32);
    if (!uses_bfloat16) return storage;
    // A reshaped tensor is stored as what it is a view of, so all views of one tensor decide together.
    std::vector<int> origin(count);
    std::vector<bool> is_possible(count, false);
    for (size_t i = 0; i < count; ++i) origin[i] = static_cast<int>(i);
    for (const Node& node : graph.nodes()) {
        if (std::holds_alternative<graph::Reshape>(node.op)) {
            origin[node.output.index] = origin[node.inputs[0].index];
            continue;
        }
        is_possible[node.output.index] = writes_bfloat16(node);
        for (size_t i = 0; i < node.inputs.size(); ++i)
            if (node.inputs[i].is_present() && !reads_bfloat16(node, i))
                is_possible[origin[node.inputs[i].index]] = false;
    }
    for (const graph::TensorId output : graph.outputs()) is_possible[origin[output.index]] = false;
    // oneDNN multiplies bfloat16 only by bfloat16: a product of float32 gives float32.
    for (const Node& node : graph.nodes()) {
        const bool is_product = std::holds_alternative<graph::Linear>(node.op) ||
                                std::holds_alternative<graph::BandLinear>(node.op);
        const bool fits = !is_product || storage[origin[node.inputs[0].index]] == Storage::bfloat16;
        if (is_possible[origin[node.output.index]] && fits) storage[node.output.index] = Storage::bfloat16;
    }
    for (size_t i = 0; i < count; ++i) storage[i] = storage[origin[i]];
    return storage;
}

}  // namespace msst::backend::cpu
