#include "backend/cpu/cpu_executable.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include <sys/mman.h>

#include "backend/cpu/kernel.h"
#include "backend/cpu/packed_constants.h"
#include "backend/cpu/parallel_for.h"
#include "backend/cpu/row_groups.h"
#include "backend/cpu/thread_team.h"
#include "base/error.h"
#include "graph/node_uses.h"

namespace msst::backend::cpu {
namespace {

using graph::Graph;
using graph::Node;
using graph::Plan;
using graph::TensorId;
using graph::TensorKind;

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
    double work = 0;               // of the nodes this run needs
};

std::vector<float> numbers_of(const graph::Constant& constant) {
    std::vector<float> values(graph::elements(constant.shape));
    constant.fill(values);
    return values;
}

Buffer buffer_of(std::vector<float>& values) {
    return {reinterpret_cast<std::byte*>(values.data()), Storage::float32};
}

bool reads_in_pieces(const Node& node) {
    for (size_t i = 0; i < node.inputs.size(); ++i)
        if (is_read_in_pieces(node, i)) return true;
    return false;
}

class CpuExecutable final : public graph::Executable {
public:
    CpuExecutable(const Graph& graph, const Plan& plan, RunSettings settings)
        : graph_(graph), uses_(graph), settings_(std::move(settings)), arena_(plan.arena_bytes) {
        const ThreadTeam team(settings_.threads);
        place_tensors(plan);
        keep_plain_constants();
        make_kernels(plan);
        make_steps();
        needed_.resize(graph_.nodes().size());
    }

    void run(std::span<const std::span<const float>> inputs, std::span<const std::span<float>> outputs,
             const graph::RunControl& control) override {
        const std::lock_guard lock(mutex_);
        const ThreadTeam team(settings_.threads);
        check(outputs.size() == graph_.outputs().size(), "a run got the wrong number of outputs");
        copy_in(inputs);
        choose_nodes(outputs);
        double done = 0;
        for (const Step& step : steps_) {
            if (step.work < 0) continue;
            run_step(step, {&control, done / work_, step.work / work_});
            done += step.work;
            KernelProgress{&control, 0, done / work_}.report(1);
        }
        copy_out(outputs);
    }

private:
    void place_tensors(const Plan& plan) {
        const std::vector<bool> pieces = find_pieces(graph_);
        for (size_t i = 0; i < graph_.tensors().size(); ++i) {
            const int64_t offset = plan.tensor_offsets[i];
            std::byte* data = offset == Plan::kNowhere ? nullptr : arena_.memory + offset;
            buffers_.push_back({data, settings_.storage[i], pieces[i]});
        }
    }

    void keep_plain_constants() {
        constants_.resize(graph_.constants().size());
        for (const Node& node : graph_.nodes())
            for (size_t i = 0; i < node.inputs.size(); ++i) {
                if (!node.inputs[i].is_present() || is_packed(node, i)) continue;
                const graph::Tensor& tensor = graph_.tensor(node.inputs[i]);
                if (tensor.kind != TensorKind::constant) continue;
                std::vector<float>& values = constants_[tensor.constant];
                if (values.empty()) values = numbers_of(graph_.constants()[tensor.constant]);
                buffers_[node.inputs[i].index] = buffer_of(values);
            }
    }

    // Reading and packing weights takes nearly all of the time, and every node has its own. Those that read
    // theirs in pieces have the most, and spread them over the threads themselves.
    void make_kernels(const Plan& plan) {
        const std::vector<Node>& nodes = graph_.nodes();
        kernels_.resize(nodes.size());
        parallel_for(std::ssize(nodes), settings_.threads, [&](int64_t n) {
            if (!reads_in_pieces(nodes[n])) kernels_[n] = make_one(n, plan);
        });
        for (size_t n = 0; n < nodes.size(); ++n)
            if (reads_in_pieces(nodes[n])) kernels_[n] = make_one(static_cast<int64_t>(n), plan);
    }

    std::unique_ptr<Kernel> make_one(int64_t n, const Plan& plan) const {
        const Node& node = graph_.nodes()[n];
        std::vector<std::vector<float>> packed(node.inputs.size());  // gone once they are
        KernelContext context{graph_, node, {}, buffers_[node.output.index]};
        context.products = settings_.products;
        context.threads = settings_.threads;
        context.row_step = kRowStep;
        if (plan.scratch_offsets[n] != Plan::kNowhere)
            context.scratch = arena_.memory + plan.scratch_offsets[n];
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const TensorId id = node.inputs[i];
            Buffer buffer = id.is_present() ? buffers_[id.index] : Buffer();
            if (id.is_present() && !buffer.data && is_packed(node, i) && !is_read_in_pieces(node, i)) {
                packed[i] = numbers_of(context.constant(static_cast<int>(i)));
                buffer = buffer_of(packed[i]);
            }
            context.inputs.push_back(buffer);
        }
        return make_kernel(context);
    }

    void make_steps() {
        const std::vector<int> groups = find_row_groups(graph_);
        for (size_t n = 0; n < kernels_.size(); ++n) {
            const Node& node = graph_.nodes()[n];
            if (n == 0 || groups[n] != groups[n - 1])
                steps_.push_back({n, {}, is_row_wise(graph_, node) ? rows_of(graph_, node) : 0, 0});
            steps_.back().kernels.push_back(kernels_[n].get());
        }
    }

    // What this run needs for `outputs`. A step without any such node gets less than no work.
    void choose_nodes(std::span<const std::span<float>> outputs) {
        uses_.find_needed(outputs, needed_);
        work_ = 0;
        for (Step& step : steps_) {
            bool is_needed = false;
            step.work = 0;
            for (size_t n = step.first_node; n < step.first_node + step.kernels.size(); ++n) {
                is_needed = is_needed || needed_[n];
                if (needed_[n]) step.work += graph_.nodes()[n].work;
            }
            work_ += step.work;
            if (!is_needed) step.work = kNotNeeded;
        }
    }

    void run_step(const Step& step, const KernelProgress& progress) {
        const graph::RunControl& control = *progress.control;
        refuse_if_stopped(control);
        if (step.rows == 0) {
            step.kernels.front()->run_and_report(control.stop, progress);
            refuse_if_stopped(control);
            return;
        }
        for (int64_t first = 0; first < step.rows; first += kRowStep) {
            refuse_if_stopped(control);
            const int64_t count = std::min(kRowStep, step.rows - first);
            for (size_t i = 0; i < step.kernels.size(); ++i)
                if (needed_[step.first_node + i]) step.kernels[i]->run_rows(first, count);
            progress.report(static_cast<double>(first + count) / static_cast<double>(step.rows));
        }
    }

    static void refuse_if_stopped(const graph::RunControl& control) {
        if (control.stop.stop_requested()) throw Error(ErrorCode::cancelled, "the run was cancelled");
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
    RunSettings settings_;
    std::vector<bool> needed_;  // of the run, per node
    std::mutex mutex_;
    Arena arena_;
    std::vector<Buffer> buffers_;                // per tensor
    std::vector<std::vector<float>> constants_;  // those that are read while running
    std::vector<std::unique_ptr<Kernel>> kernels_;
    std::vector<Step> steps_;
    double work_ = 0;
};

}  // namespace

std::unique_ptr<graph::Executable> make_executable(const Graph& graph, const Plan& plan,
                                                   RunSettings settings) {
    return std::make_unique<CpuExecutable>(graph, plan, std::move(settings));
}

}  // namespace msst::backend::cpu
