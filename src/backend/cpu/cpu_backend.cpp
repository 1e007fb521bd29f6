#include "backend/cpu/cpu_backend.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include <omp.h>
#include <sys/mman.h>

#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/row_groups.h"
#include "base/error.h"
#include "graph/node_uses.h"

namespace msst::backend {
namespace {

using namespace cpu;
using graph::Graph;
using graph::Plan;
using graph::TensorId;
using graph::TensorKind;

// Rows that go through a group at a time: what lies between two products then stays in the third-level cache.
constexpr int64_t kRowStep = 2048;
constexpr int64_t kArenaAlignment = 2 << 20;  // bytes: a large page

// In large pages where the system has them: attention reads rows that lie far apart.
struct Arena {
    explicit Arena(int64_t bytes)
        : memory(new (std::align_val_t(kArenaAlignment)) std::byte[std::max<int64_t>(bytes, 1)]) {
        madvise(memory, bytes, MADV_HUGEPAGE);
    }
    ~Arena() { operator delete[](memory, std::align_val_t(kArenaAlignment)); }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    std::byte* memory;
};

// Nodes that run together, row by row or as a single one.
struct Step {
    size_t first_node = 0;
    std::vector<Kernel*> kernels;  // of the nodes from first_node on
    int64_t rows = 0;              // 0: a single kernel, run as a whole
    double flops = 0;              // of the nodes this run needs
};

// Weights that a product packs are not kept beside that; everything else reads its constant where it is.
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

// Packed constants that the operation reads itself, piece by piece.
bool is_read_in_pieces(const graph::Node& node, size_t input) {
    return std::holds_alternative<graph::BandLinear>(node.op) && input == 1;
}

// Of all constants as they are kept: packed ones in the type of the product's factors, others as float32.
int64_t weight_bytes(const Graph& graph, const std::vector<Storage>& storage, Storage products) {
    std::vector<bool> is_kept(graph.constants().size(), false);
    int64_t bytes = 0;
    for (const graph::Node& node : graph.nodes())
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const int constant = node.inputs[i].is_present() ? graph.tensor(node.inputs[i]).constant : -1;
            if (constant < 0) continue;
            const int64_t count = graph::elements(graph.constants()[constant].shape);
            const bool is_product = std::holds_alternative<graph::Linear>(node.op) ||
                                    std::holds_alternative<graph::BandLinear>(node.op);
            if (is_packed(node, i))
                bytes += count * size_of(is_product ? storage[node.inputs[0].index] : products);
            else if (!is_kept[constant])
                bytes += count * size_of(Storage::float32);
            is_kept[constant] = is_kept[constant] || !is_packed(node, i);
        }
    return bytes;
}

class CpuExecutable final : public graph::Executable {
public:
    CpuExecutable(const Graph& graph, const Plan& plan, const std::vector<Storage>& storage, Storage products,
                  int threads)
        : graph_(graph), uses_(graph), arena_(plan.arena_bytes), products_(products), threads_(threads) {
        omp_set_num_threads(threads_);  // oneDNN prepares products for as many threads as run them
        const std::vector<bool> pieces = find_pieces(graph);
        for (size_t i = 0; i < graph.tensors().size(); ++i) {
            const int64_t offset = plan.tensor_offsets[i];
            std::byte* data = offset == Plan::kNowhere ? nullptr : arena_.memory + offset;
            buffers_.push_back({data, storage[i], pieces[i]});
        }
        keep_plain_constants();
        const std::vector<int> groups = find_row_groups(graph);
        for (size_t n = 0; n < graph.nodes().size(); ++n)
            add_node(n, plan, n > 0 && groups[n] == groups[n - 1]);
    }

    void run(std::span<const std::span<const float>> inputs, std::span<const std::span<float>> outputs,
             const graph::RunControl& control) override {
        const std::lock_guard lock(mutex_);
        omp_set_num_threads(threads_);
        check(outputs.size() == graph_.outputs().size(), "a run got the wrong number of outputs");
        copy_in(inputs);
        choose_nodes(outputs);
        double done = 0;
        for (const Step& step : steps_) {
            if (step.flops < 0) continue;
            run_step(step, control, done);
            done += step.flops;
            report(control, done);
        }
        copy_out(outputs);
    }

private:
    // What this run needs for `outputs`. A step without any such node gets less than no flops.
    void choose_nodes(std::span<const std::span<float>> outputs) {
        uses_.find_needed(outputs, needed_);
        flops_ = 0;
        for (Step& step : steps_) {
            bool is_needed = false;
            step.flops = 0;
            for (size_t n = step.first_node; n < step.first_node + step.kernels.size(); ++n) {
                is_needed = is_needed || needed_[n];
                if (needed_[n]) step.flops += graph_.nodes()[n].flops;
            }
            flops_ += step.flops;
            if (!is_needed) step.flops = kNotNeeded;
        }
    }

    void keep_plain_constants() {
        constants_.resize(graph_.constants().size());
        for (const graph::Node& node : graph_.nodes())
            for (size_t i = 0; i < node.inputs.size(); ++i)
                if (node.inputs[i].is_present() && !is_packed(node, i)) load(node.inputs[i], constants_);
    }

    // Makes sure that a constant's numbers are in `where` and its buffer points to them.
    void load(TensorId id, std::vector<std::vector<float>>& where) {
        const graph::Tensor& tensor = graph_.tensor(id);
        if (tensor.kind != TensorKind::constant) return;
        std::vector<float>& values = where[tensor.constant];
        if (values.empty()) {
            values.resize(graph::elements(tensor.shape));
            graph_.constants()[tensor.constant].fill(values);
        }
        buffers_[id.index] = {reinterpret_cast<std::byte*>(values.data()), Storage::float32};
    }

    void add_node(size_t n, const Plan& plan, bool joins_last) {
        const graph::Node& node = graph_.nodes()[n];
        std::vector<std::vector<float>> packed(graph_.constants().size());
        KernelContext context{graph_, node, {}, buffers_[node.output.index]};
        context.products = products_;
        context.threads = threads_;
        context.row_step = kRowStep;
        if (plan.scratch_offsets[n] != Plan::kNowhere)
            context.scratch = arena_.memory + plan.scratch_offsets[n];
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const TensorId id = node.inputs[i];
            if (id.is_present() && is_packed(node, i) && !is_read_in_pieces(node, i) &&
                !buffers_[id.index].data)
                load(id, packed);
            context.inputs.push_back(id.is_present() ? buffers_[id.index] : Buffer());
        }
        kernels_.push_back(make_kernel(context));
        for (size_t i = 0; i < node.inputs.size(); ++i)  // what was packed is gone with `packed`
            if (node.inputs[i].is_present() && is_packed(node, i)) forget(node.inputs[i], packed);
        if (!joins_last) steps_.push_back({n, {}, is_row_wise(graph_, node) ? rows_of(graph_, node) : 0, 0});
        steps_.back().kernels.push_back(kernels_.back().get());
    }

    void forget(TensorId id, const std::vector<std::vector<float>>& packed) {
        const int constant = graph_.tensor(id).constant;
        if (constant >= 0 && !packed[constant].empty()) buffers_[id.index].data = nullptr;
    }

    void run_step(const Step& step, const graph::RunControl& control, double done) {
        refuse_if_stopped(control);
        if (step.rows == 0) {
            step.kernels.front()->run(control.stop);
            refuse_if_stopped(control);
            return;
        }
        for (int64_t first = 0; first < step.rows; first += kRowStep) {
            refuse_if_stopped(control);
            const int64_t count = std::min(kRowStep, step.rows - first);
            for (size_t i = 0; i < step.kernels.size(); ++i)
                if (needed_[step.first_node + i]) step.kernels[i]->run_rows(first, count);
            report(control,
                   done + step.flops * static_cast<double>(first + count) / static_cast<double>(step.rows));
        }
    }

    static void refuse_if_stopped(const graph::RunControl& control) {
        if (control.stop.stop_requested()) throw Error(ErrorCode::cancelled, "the run was cancelled");
    }

    void report(const graph::RunControl& control, double done) const {
        if (control.on_progress) control.on_progress(std::min(1.0, done / std::max(1.0, flops_)));
    }

    void copy_in(std::span<const std::span<const float>> inputs) {
        check(inputs.size() == graph_.inputs().size(), "a run got the wrong number of inputs");
        for (size_t i = 0; i < inputs.size(); ++i) {
            const TensorId id = graph_.inputs()[i];
            check(std::ssize(inputs[i]) == graph::elements(graph_.shape(id)), "an input has the wrong size");
            std::ranges::copy(inputs[i], buffers_[id.index].floats());
        }
    }

    void copy_out(std::span<const std::span<float>> outputs) {
        for (size_t i = 0; i < outputs.size(); ++i) {
            if (outputs[i].empty()) continue;
            const TensorId id = graph_.outputs()[i];
            check(std::ssize(outputs[i]) == graph::elements(graph_.shape(id)),
                  "an output has the wrong size");
            std::copy_n(buffers_[id.index].floats(), outputs[i].size(), outputs[i].begin());
        }
    }

    static constexpr double kNotNeeded = -1;

    Graph graph_;
    graph::NodeUses uses_;
    std::vector<bool> needed_;  // of the run, per node
    std::mutex mutex_;
    Arena arena_;
    Storage products_;
    int threads_;
    std::vector<Buffer> buffers_;                // per tensor
    std::vector<std::vector<float>> constants_;  // those that are read while running
    std::vector<std::unique_ptr<Kernel>> kernels_;
    std::vector<Step> steps_;
    double flops_ = 0;
};

}  // namespace

CpuBackend::CpuBackend(CpuOptions options)
    : threads_(options.threads > 0 ? options.threads : omp_get_num_procs()),
      uses_bfloat16_(options.precision == Precision::bfloat16 ||
                     (options.precision == Precision::automatic && has_bfloat16())) {}

bool CpuBackend::has_bfloat16() {
    return has_native_bfloat16();
}

Plan CpuBackend::plan(const Graph& graph) const {
    const std::vector<Storage> storage = choose_storage(graph, uses_bfloat16_);
    graph::MemoryNeeds needs;
    const std::vector<bool> pieces = find_pieces(graph);
    for (size_t i = 0; i < graph.tensors().size(); ++i) {
        const graph::Tensor& tensor = graph.tensors()[i];
        int64_t count = tensor.kind == TensorKind::constant ? 0 : graph::elements(tensor.shape);
        if (pieces[i]) count = std::min(count, kRowStep * tensor.shape.back());
        needs.tensor_bytes.push_back(size_of(storage[i]) * count);
    }
    for (const graph::Node& node : graph.nodes())
        needs.scratch_bytes.push_back(scratch_bytes(graph, node, threads_));
    needs.moments = find_row_groups(graph);
    Plan plan = make_plan(graph, needs);
    plan.weight_bytes = weight_bytes(graph, storage, uses_bfloat16_ ? Storage::bfloat16 : Storage::float32);
    return plan;
}

std::unique_ptr<graph::Executable> CpuBackend::compile(const Graph& graph, const Plan& plan) const {
    const Storage products = uses_bfloat16_ ? Storage::bfloat16 : Storage::float32;
    return std::make_unique<CpuExecutable>(graph, plan, choose_storage(graph, uses_bfloat16_), products,
                                           threads_);
}

}  // namespace msst::backend
