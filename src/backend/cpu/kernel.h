#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "backend/cpu/storage.h"
#include "graph/backend.h"

namespace msst::backend::cpu {

// Where a kernel's work lies within that of the whole run.
struct KernelProgress {
    const graph::RunControl* control = nullptr;  // null: nobody wants to know
    double before = 0;                           // fractions of the run's work: done when the kernel starts
    double share = 1;                            // the kernel's own

    // fraction: of the kernel's work, 0-1, never going back. Only from the thread that runs the kernel.
    void report(double fraction) const {
        if (control && control->on_progress) control->on_progress(std::min(1.0, before + share * fraction));
    }
};

// One operation with everything resolved: addresses, packed weights, prepared primitives. Allocates nothing
// while it runs.
class Kernel {
public:
    virtual ~Kernel() = default;

    // Long ones look at `stop` and return early, leaving nonsense in their output.
    virtual void run(const std::stop_token& stop) = 0;

    // The same, for operations that may take more than a second: those tell how far they are.
    virtual void run_and_report(const std::stop_token& stop, const KernelProgress&) { run(stop); }

    // Row-wise operations only (row_groups.h): rows first … first + count - 1. first is a multiple of the row
    // step the kernel was made with.
    virtual void run_rows(int64_t first, int64_t count);
};

// What a kernel is made from.
struct KernelContext {
    const graph::Graph& graph;
    const graph::Node& node;
    std::vector<Buffer> inputs;  // constants are float32
    Buffer output;
    std::byte* scratch = nullptr;  // of scratch_bytes(), 64 aligned, nobody else's while the kernel runs
    int threads = 1;
    int64_t row_step = 0;                 // rows per call of run_rows
    Storage products = Storage::float32;  // of the factors of matrix products and convolutions

    const graph::Shape& shape(int input) const { return graph.shape(node.inputs[input]); }
    const graph::Shape& output_shape() const { return graph.shape(node.output); }
    bool has(int input) const { return node.inputs[input].is_present(); }
    const graph::Constant& constant(int input) const {
        return graph.constants()[graph.tensor(node.inputs[input]).constant];
    }
    const float* floats(int input) const { return inputs[input].floats(); }
};

std::unique_ptr<Kernel> make_kernel(const KernelContext& context);

// Memory a node's kernel needs while it runs. The buffers of the context need only say how they are stored.
int64_t scratch_bytes(const KernelContext& context);
int64_t scratch_bytes(const graph::BandLinear& op, const KernelContext& context);
int64_t scratch_bytes(const graph::Linear& op, const KernelContext& context);

std::unique_ptr<Kernel> make(const graph::Activate& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Add& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Attention& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::BandGlu& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::BandLevel& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::BandLinear& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::BandNorm& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::ChannelAffine& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::ColumnLinear& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::ComplexMultiply& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Concat& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Convolution& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::DepthwiseConvolution& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Gather& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Glu& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::GroupNorm& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::InverseRealFft& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Istft& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::LayerNorm& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Linear& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::LinearAttention& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::LocalAttention& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Lstm& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Moments& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Multiply& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Pad& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Permute& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::RealFft& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Reshape& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::RmsNorm& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::ScatterMean& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Slice& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Standardize& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::Stft& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::TensorNorm& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::TransposedConvolution& op, const KernelContext& context);
std::unique_ptr<Kernel> make(const graph::ValueMix& op, const KernelContext& context);

// For operations that are a loop: `body` is called with the token and what it captured.
template <class Body>
std::unique_ptr<Kernel> make_loop(Body body) {
    class Loop final : public Kernel {
    public:
        explicit Loop(Body b) : body_(std::move(b)) {}
        void run(const std::stop_token&) override { body_(); }

    private:
        Body body_;
    };
    return std::make_unique<Loop>(std::move(body));
}

}  // namespace msst::backend::cpu
