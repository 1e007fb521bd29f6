#include "backend/cpu/cpu_backend.h"

#include <algorithm>

#include "backend/cpu/cpu_executable.h"
#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/packed_constants.h"
#include "backend/cpu/row_groups.h"
#include "backend/cpu/thread_team.h"

namespace msst::backend {
namespace {

using namespace cpu;
using graph::Graph;
using graph::Plan;
using graph::TensorId;
using graph::TensorKind;

// A node's context before anything has a place.
KernelContext describe(const Graph& graph, const graph::Node& node, const std::vector<Storage>& storage) {
    KernelContext context{graph, node, {}, Buffer{nullptr, storage[node.output.index]}};
    context.row_step = kRowStep;
    for (const TensorId input : node.inputs)
        context.inputs.push_back(input.is_present() ? Buffer{nullptr, storage[input.index]} : Buffer());
    return context;
}

}  // namespace

CpuBackend::CpuBackend(CpuOptions options)
    : threads_(granted_threads(options.threads)),
      uses_bfloat16_(options.precision == Precision::bfloat16 ||
                     (options.precision == Precision::automatic && has_bfloat16())) {}

bool CpuBackend::has_bfloat16() {
    return has_native_bfloat16();
}

Plan CpuBackend::plan(const Graph& graph) const {
    const ThreadSettings settings(threads_);
    const std::vector<Storage> storage = choose_storage(graph, uses_bfloat16_);
    const Storage products = uses_bfloat16_ ? Storage::bfloat16 : Storage::float32;
    graph::MemoryNeeds needs;
    const std::vector<bool> pieces = find_pieces(graph);
    for (size_t i = 0; i < graph.tensors().size(); ++i) {
        const graph::Tensor& tensor = graph.tensors()[i];
        int64_t count = tensor.kind == TensorKind::constant ? 0 : graph::elements(tensor.shape);
        if (pieces[i]) count = std::min(count, kRowStep * tensor.shape.back());
        needs.tensor_bytes.push_back(size_of(storage[i]) * count);
    }
    for (const graph::Node& node : graph.nodes()) {
        KernelContext context = describe(graph, node, storage);
        context.threads = threads_;
        context.products = products;
        needs.scratch_bytes.push_back(scratch_bytes(context));
    }
    needs.moments = find_row_groups(graph);
    Plan plan = make_plan(graph, needs);
    plan.weight_bytes = weight_bytes(graph, storage, products);
    return plan;
}

std::unique_ptr<graph::Executable> CpuBackend::compile(const Graph& graph, const Plan& plan) const {
    const Storage products = uses_bfloat16_ ? Storage::bfloat16 : Storage::float32;
    return make_executable(graph, plan, {choose_storage(graph, uses_bfloat16_), products, threads_});
}

}  // namespace msst::backend
