#include "backend/reference/reference_backend.h"

#include <algorithm>
#include <mutex>

#include "backend/reference/kernels.h"
#include "base/error.h"
#include "graph/node_uses.h"

namespace msst::backend {
namespace {

using graph::Graph;
using graph::Plan;
using graph::TensorId;
using graph::TensorKind;

class ReferenceExecutable final : public graph::Executable {
public:
    ReferenceExecutable(const Graph& graph, const Plan& plan)
        : graph_(graph), uses_(graph), arena_(plan.arena_bytes) {
        for (const graph::Constant& constant : graph.constants()) {
            constants_.emplace_back(graph::elements(constant.shape));
            constant.fill(constants_.back());
        }
        for (size_t i = 0; i < graph.tensors().size(); ++i) {
            const graph::Tensor& tensor = graph.tensors()[i];
            data_.push_back(tensor.kind == TensorKind::constant
                                ? constants_[tensor.constant].data()
                                : reinterpret_cast<float*>(arena_.data() + plan.tensor_offsets[i]));
        }
    }

    void run(std::span<const std::span<const float>> inputs, std::span<const std::span<float>> outputs,
             const graph::RunControl& control) override {
        const std::lock_guard lock(mutex_);
        check(outputs.size() == graph_.outputs().size(), "a run got the wrong number of outputs");
        copy_in(inputs);
        uses_.find_needed(outputs, needed_);
        double work = 0;
        for (size_t n = 0; n < needed_.size(); ++n) work += needed_[n] ? graph_.nodes()[n].work : 0;
        double done = 0;
        for (size_t n = 0; n < needed_.size(); ++n) {
            if (!needed_[n]) continue;
            if (control.stop.stop_requested()) throw Error(ErrorCode::cancelled, "the run was cancelled");
            run_node(graph_.nodes()[n]);
            done += graph_.nodes()[n].work;
            if (control.on_progress) control.on_progress(std::min(1.0, done / work));
        }
        copy_out(outputs);
    }

private:
    void copy_in(std::span<const std::span<const float>> inputs) {
        check(inputs.size() == graph_.inputs().size(), "a run got the wrong number of inputs");
        for (size_t i = 0; i < inputs.size(); ++i) {
            const TensorId id = graph_.inputs()[i];
            check(std::ssize(inputs[i]) == graph::elements(graph_.shape(id)), "an input has the wrong size");
            std::ranges::copy(inputs[i], data_[id.index]);
        }
    }

    void copy_out(std::span<const std::span<float>> outputs) {
        for (size_t i = 0; i < outputs.size(); ++i) {
            if (outputs[i].empty()) continue;
            const TensorId id = graph_.outputs()[i];
            check(std::ssize(outputs[i]) == graph::elements(graph_.shape(id)),
                  "an output has the wrong size");
            std::copy_n(data_[id.index], outputs[i].size(), outputs[i].begin());
        }
    }

    void run_node(const graph::Node& node) {
        const std::vector<graph::Shape> shapes = graph_.input_shapes(node);
        std::vector<const float*> inputs;
        inputs.reserve(node.inputs.size());
        for (const TensorId id : node.inputs) inputs.push_back(id.is_present() ? data_[id.index] : nullptr);
        const reference::Operands operands{inputs, shapes, data_[node.output.index],
                                           graph_.shape(node.output)};
        std::visit([&](const auto& op) { reference::run(op, operands); }, node.op);
    }

    Graph graph_;
    graph::NodeUses uses_;
    std::vector<bool> needed_;  // of the run
    std::mutex mutex_;
    std::vector<std::byte> arena_;
    std::vector<std::vector<float>> constants_;
    std::vector<float*> data_;  // per tensor
};

}  // namespace

Plan ReferenceBackend::plan(const Graph& graph) const {
    graph::MemoryNeeds needs;
    for (const graph::Tensor& tensor : graph.tensors())
        needs.tensor_bytes.push_back(tensor.kind == TensorKind::constant ? 0
                                                                         : 4 * graph::elements(tensor.shape));
    needs.scratch_bytes.assign(graph.nodes().size(), 0);
    Plan plan = make_plan(graph, needs);
    plan.weight_bytes = 4 * graph.constant_elements();
    return plan;
}

std::unique_ptr<graph::Executable> ReferenceBackend::compile(const Graph& graph, const Plan& plan) const {
    return std::make_unique<ReferenceExecutable>(graph, plan);
}

}  // namespace msst::backend
