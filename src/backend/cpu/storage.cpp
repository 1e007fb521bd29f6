#include "backend/cpu/storage.h"

#include <algorithm>

namespace msst::backend::cpu {
namespace {

using graph::Node;

bool has_channels_last(const Node& node) {
    if (const auto* op = std::get_if<graph::Convolution>(&node.op))  // depthwise ones are sums, not products
        return op->layout == graph::Layout::channels_last && op->groups == 1 && !op->is_sensitive;
    if (const auto* op = std::get_if<graph::GroupNorm>(&node.op))
        return op->layout == graph::Layout::channels_last;
    if (const auto* op = std::get_if<graph::TransposedConvolution>(&node.op))
        return op->layout == graph::Layout::channels_last;
    if (const auto* op = std::get_if<graph::ChannelAffine>(&node.op))
        return op->layout == graph::Layout::channels_last;
    return false;
}

// The input that a product is added to; -1: none.
int residual_of(const Node& node) {
    const auto present = [&](int input) { return node.inputs[input].is_present() ? input : -1; };
    if (std::holds_alternative<graph::Convolution>(node.op)) return present(graph::Convolution::kResidual);
    if (std::holds_alternative<graph::ColumnLinear>(node.op)) return present(graph::ColumnLinear::kResidual);
    return -1;
}

// Stored as their inputs are.
bool follows_inputs(const graph::Graph& graph, const Node& node) {
    if (std::holds_alternative<graph::Multiply>(node.op))
        return graph.shape(node.inputs[0]) == graph.shape(node.inputs[1]);
    if (const auto* add = std::get_if<graph::Add>(&node.op))
        return add->is_narrow && graph.tensor(node.inputs[1]).constant < 0;
    return std::holds_alternative<graph::Concat>(node.op) || std::holds_alternative<graph::Activate>(node.op);
}

bool writes_bfloat16(const graph::Graph& graph, const Node& node) {
    if (has_channels_last(node) || follows_inputs(graph, node)) return true;
    if (std::holds_alternative<graph::ColumnLinear>(node.op)) return true;
    if (const auto* add = std::get_if<graph::Add>(&node.op)) return add->is_narrow;
    if (std::holds_alternative<graph::GatedResidual>(node.op)) return true;
    if (std::holds_alternative<graph::Linear>(node.op))
        return !node.inputs[graph::Linear::kResidual].is_present();
    return std::holds_alternative<graph::RmsNorm>(node.op) ||
           std::holds_alternative<graph::LayerNorm>(node.op) || std::holds_alternative<graph::Glu>(node.op) ||
           std::holds_alternative<graph::BandNorm>(node.op) ||
           std::holds_alternative<graph::BandLinear>(node.op) ||
           std::holds_alternative<graph::DepthwiseConvolution>(node.op) ||
           std::holds_alternative<graph::Attention>(node.op) || std::holds_alternative<graph::Lstm>(node.op);
}

bool reads_bfloat16(const graph::Graph& graph, const Node& node, size_t input) {
    if (std::holds_alternative<graph::Linear>(node.op)) return input == graph::Linear::kX;
    if (std::holds_alternative<graph::BandLinear>(node.op)) return input == 0;
    if (has_channels_last(node)) return input == 0 || static_cast<int>(input) == residual_of(node);
    if (std::holds_alternative<graph::ColumnLinear>(node.op)) return input != graph::ColumnLinear::kWeight;
    if (follows_inputs(graph, node)) return true;
    if (const auto* add = std::get_if<graph::Add>(&node.op)) return add->is_narrow;
    if (std::holds_alternative<graph::GatedResidual>(node.op)) return input == graph::GatedResidual::kX;
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
        is_possible[node.output.index] = writes_bfloat16(graph, node);
        for (size_t i = 0; i < node.inputs.size(); ++i)
            if (node.inputs[i].is_present() && !reads_bfloat16(graph, node, i))
                is_possible[origin[node.inputs[i].index]] = false;
    }
    for (const graph::TensorId output : graph.outputs()) is_possible[origin[output.index]] = false;
    std::vector<bool> is_sum(count, false);
    for (const Node& node : graph.nodes()) {
        const auto is_narrow = [&](graph::TensorId id) {
            return storage[origin[id.index]] == Storage::bfloat16;
        };
        // oneDNN multiplies bfloat16 only by bfloat16: a product of float32 gives float32.
        const bool is_product = std::holds_alternative<graph::Linear>(node.op) ||
                                std::holds_alternative<graph::BandLinear>(node.op) ||
                                std::holds_alternative<graph::ColumnLinear>(node.op);
        bool fits = !is_product || is_narrow(node.inputs[0]);
        if (follows_inputs(graph, node)) fits = std::ranges::any_of(node.inputs, is_narrow);
        // The sum of two products is stored as a product; longer sums stay float32.
        if (const int residual = residual_of(node); residual >= 0) {
            is_sum[node.output.index] = true;
            fits = fits && is_narrow(node.inputs[residual]) && !is_sum[origin[node.inputs[residual].index]];
        }
        if (is_possible[origin[node.output.index]] && fits) storage[node.output.index] = Storage::bfloat16;
    }
    for (size_t i = 0; i < count; ++i) storage[i] = storage[origin[i]];
    return storage;
}

}  // namespace msst::backend::cpu
