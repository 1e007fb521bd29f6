#include "backend/cpu/tile_convolution.h"

#include <algorithm>
#include <atomic>

#include <omp.h>

#include "backend/cpu/channel_rows.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/progress_teller.h"
#include "backend/cpu/row_groups.h"
#include "backend/cpu/winograd_convolution.h"

namespace msst::backend::cpu {
namespace {

using graph::Convolution;

WinogradConvolution::Shape shape_of(const graph::Graph& graph, const graph::Node& node) {
    const auto& op = std::get<Convolution>(node.op);
    WinogradConvolution::Shape shape;
    shape.x = graph.shape(node.inputs[Convolution::kX]);
    shape.weight = graph.shape(node.inputs[Convolution::kWeight]);
    shape.y = graph.shape(node.output);
    shape.strides = op.strides;
    shape.begin = op.pad_begin;
    return shape;
}

// Neither gated nor in groups, without holes.
bool is_plain(const graph::Node& node) {
    const auto* op = std::get_if<Convolution>(&node.op);
    return op && op->layout == graph::Layout::channels_last && op->groups == 1 && !op->is_gated &&
           op->dilations == std::array<int64_t, 2>{1, 1};
}

// A product of x as it lies.
bool is_pointwise(const WinogradConvolution::Shape& s) {
    return s.weight[2] * s.weight[3] == 1 && s.strides == std::array<int64_t, 2>{1, 1} && s.x[1] == s.y[1] &&
           s.x[2] == s.y[2] && !has_avx512();
}

class WinogradKernel final : public Kernel {
public:
    WinogradKernel(const Convolution& op, const KernelContext& c)
        : activation_(op.activation),
          channels_(c.output_shape().back()),
          rows_(graph::elements(c.output_shape()) / channels_),
          task_bytes_(WinogradConvolution::task_bytes(shape_of(c.graph, c.node))),
          threads_(c.threads),
          x_(c.floats(Convolution::kX)),
          residual_(c.floats(Convolution::kResidual)),
          y_(c.output),
          scratch_(c.scratch),
          convolution_(shape_of(c.graph, c.node), c.floats(Convolution::kWeight),
                       c.floats(Convolution::kBias)) {}

    void run(const std::stop_token& stop) override { run_and_report(stop, {}); }

    void run_and_report(const std::stop_token& stop, const KernelProgress& progress) override {
        const int64_t tasks = convolution_.tasks();
        std::atomic<int64_t> done = 0;
        ProgressTeller teller(progress, tasks);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
        for (int64_t task = 0; task < tasks; ++task) {
            if (stop.stop_requested() || teller.has_failed()) continue;
            const int thread = omp_get_thread_num();
            convolution_.run(task, x_, residual_, y_.floats(), scratch_ + thread * task_bytes_);
            const int64_t now = ++done;
            if (thread == 0) teller.tell(now);
        }
        teller.rethrow();
        if (activation_.kind != graph::Activation::none) activate();
    }

private:
    void activate() const {
        constexpr int64_t kPiece = 8192;  // numbers
        const int64_t step = std::max<int64_t>(1, kPiece / channels_);
#pragma omp parallel for num_threads(threads_)
        for (int64_t row = 0; row < rows_; row += step) {
            const Buffer piece = y_.at(row * channels_);
            activate_row(piece, std::min(step, rows_ - row) * channels_, activation_, piece);
        }
    }

    graph::Activation activation_;
    int64_t channels_;
    int64_t rows_;
    int64_t task_bytes_;
    int threads_;
    const float* x_;
    const float* residual_;
    Buffer y_;
    std::byte* scratch_;
    WinogradConvolution convolution_;
};

std::unique_ptr<Kernel> make_pointwise(const Convolution& op, const KernelContext& c) {
    KernelContext context = c;
    context.row_step = kRowStep;
    return make(graph::Linear{op.activation}, context);
}

}  // namespace

std::unique_ptr<Kernel> make_tile_convolution(const Convolution& op, const KernelContext& c) {
    static_assert(static_cast<int>(graph::Linear::kResidual) == static_cast<int>(Convolution::kResidual));
    if (!is_plain(c.node) || c.products != Storage::float32 || c.output.storage != Storage::float32)
        return nullptr;
    for (const int input : {static_cast<int>(Convolution::kX), static_cast<int>(Convolution::kResidual)})
        if (c.has(input) && c.inputs[input].storage != Storage::float32) return nullptr;
    const WinogradConvolution::Shape shape = shape_of(c.graph, c.node);
    if (is_pointwise(shape)) return make_pointwise(op, c);
    // A residual is added behind the activation.
    if (c.has(Convolution::kResidual) && op.activation.kind != graph::Activation::none) return nullptr;
    return WinogradConvolution::is_worth_it(shape) ? std::make_unique<WinogradKernel>(op, c) : nullptr;
}

int64_t tile_convolution_scratch_bytes(const graph::Graph& graph, const graph::Node& node, int threads) {
    if (!is_plain(node)) return 0;
    const WinogradConvolution::Shape shape = shape_of(graph, node);
    return WinogradConvolution::is_worth_it(shape) ? threads * WinogradConvolution::task_bytes(shape) : 0;
}

std::optional<int64_t> tile_convolution_weight_bytes(const graph::Graph& graph, const graph::Node& node) {
    if (!is_plain(node)) return std::nullopt;
    const WinogradConvolution::Shape shape = shape_of(graph, node);
    if (!WinogradConvolution::is_worth_it(shape)) return std::nullopt;
    return WinogradConvolution::weight_bytes(shape);
}

}  // namespace msst::backend::cpu
