#include "backend/cpu/packed_constants.h"

#include "backend/cpu/tile_convolution.h"

namespace msst::backend::cpu {
namespace {

int64_t packed_bytes(const graph::Graph& graph, const graph::Node& node, size_t input, Storage factors) {
    if (std::holds_alternative<graph::Convolution>(node.op) && input == graph::Convolution::kWeight &&
        factors == Storage::float32)
        if (const auto bytes = tile_convolution_weight_bytes(graph, node)) return *bytes;
    return graph::elements(graph.shape(node.inputs[input])) * size_of(factors);
}

}  // namespace

bool is_packed(const graph::Node& node, size_t input) {
    if (std::holds_alternative<graph::Linear>(node.op))
        return input == graph::Linear::kWeight || input == graph::Linear::kBias;
    if (std::holds_alternative<graph::Lstm>(node.op)) return input != graph::Lstm::kX;
    if (std::holds_alternative<graph::ColumnLinear>(node.op)) return input == graph::ColumnLinear::kWeight;
    const bool packs_1_and_2 = std::holds_alternative<graph::BandLinear>(node.op) ||
                               std::holds_alternative<graph::Convolution>(node.op) ||
                               std::holds_alternative<graph::TransposedConvolution>(node.op);
    return packs_1_and_2 && (input == 1 || input == 2);
}

bool is_read_in_pieces(const graph::Node& node, size_t input) {
    return std::holds_alternative<graph::BandLinear>(node.op) && input == 1;
}

int64_t weight_bytes(const graph::Graph& graph, const std::vector<Storage>& storage, Storage products) {
    std::vector<bool> is_kept(graph.constants().size(), false);
    int64_t bytes = 0;
    for (const graph::Node& node : graph.nodes())
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const int constant = node.inputs[i].is_present() ? graph.tensor(node.inputs[i]).constant : -1;
            if (constant < 0) continue;
            const bool is_product = std::holds_alternative<graph::Linear>(node.op) ||
                                    std::holds_alternative<graph::BandLinear>(node.op);
            if (is_packed(node, i))
                bytes += packed_bytes(graph, node, i, is_product ? storage[node.inputs[0].index] : products);
            else if (!is_kept[constant])
                bytes += graph::elements(graph.shape(node.inputs[i])) * size_of(Storage::float32);
            is_kept[constant] = is_kept[constant] || !is_packed(node, i);
        }
    return bytes;
}

}  // namespace msst::backend::cpu
