#include "backend/cpu/kernel.h"

#include <algorithm>

#include "backend/cpu/attention_head.h"
#include "backend/cpu/convolution.h"
#include "backend/cpu/lstm.h"
#include "backend/cpu/tile_convolution.h"
#include "base/error.h"

namespace msst::backend::cpu {

void Kernel::run_rows(int64_t, int64_t) {
    throw Error(ErrorCode::internal, "this operation is not row-wise");
}

std::unique_ptr<Kernel> make_kernel(const KernelContext& context) {
    return std::visit([&](const auto& op) { return make(op, context); }, context.node.op);
}

std::unique_ptr<Kernel> make(const graph::Reshape&, const KernelContext&) {
    return make_loop([] {});  // the output is the input
}

int64_t scratch_bytes(const KernelContext& context) {
    const graph::Graph& graph = context.graph;
    const graph::Node& node = context.node;
    if (const auto* linear = std::get_if<graph::Linear>(&node.op)) return scratch_bytes(*linear, context);
    if (const auto* bands = std::get_if<graph::BandLinear>(&node.op)) return scratch_bytes(*bands, context);
    // Every frame's samples before they are added up.
    if (const auto* istft = std::get_if<graph::Istft>(&node.op)) {
        const graph::Shape& spectrum = graph.shape(node.inputs[0]);
        return spectrum[0] * spectrum[2] * istft->frame.n_fft * 4;
    }
    if (std::holds_alternative<graph::Convolution>(node.op) ||
        std::holds_alternative<graph::TransposedConvolution>(node.op))
        return std::max(convolution_scratch_bytes(graph, node),
                        tile_convolution_scratch_bytes(graph, node, context.threads));
    if (const auto* lstm = std::get_if<graph::Lstm>(&node.op)) {
        const LstmSizes sizes(*lstm, graph.shape(node.inputs[graph::Lstm::kX]),
                              graph.shape(node.inputs[graph::Lstm::kHiddenWeight]), context.threads);
        return context.threads * sizes.thread_bytes();
    }
    if (const auto* attention = std::get_if<graph::Attention>(&node.op)) {
        const int64_t keys = graph.shape(node.inputs[graph::Attention::kV])[attention->sequence_axis];
        const int64_t queries = graph.shape(node.output)[attention->sequence_axis];
        return context.threads *
               HeadSizes(*attention, queries, keys, Storage::float32).bytes();  // bfloat16: less
    }
    return 0;
}

}  // namespace msst::backend::cpu
