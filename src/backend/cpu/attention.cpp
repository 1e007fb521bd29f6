// Attention: every head of every sequence by itself (attention_head.h), one per thread at a time.
#include <algorithm>
#include <atomic>

#include <omp.h>

#include "backend/cpu/attention_head.h"
#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/progress_teller.h"

namespace msst::backend::cpu {
namespace {

using graph::Attention;

class AttentionKernel final : public Kernel {
public:
    AttentionKernel(const Attention& op, const KernelContext& c)
        : op_(op),
          queries_(c.shape(Attention::kQk)[op.sequence_axis]),
          keys_(c.shape(Attention::kV)[op.sequence_axis]),
          lanes_(c.shape(Attention::kQk)[1 - op.sequence_axis]),
          threads_(c.threads),
          sizes_(op, queries_, keys_, factors_of(c.inputs[Attention::kQk].storage)),
          y_(c.output),
          scratch_(c.scratch) {
        for (size_t i = 0; i < c.inputs.size(); ++i) {
            inputs_[i] = c.inputs[i];
            widths_[i] = c.has(static_cast<int>(i)) ? c.shape(static_cast<int>(i)).back() : 0;
        }
        if (inputs_[Attention::kKeys].data) keys_input_ = Attention::kKeys;
    }

    void run(const std::stop_token& stop) override { run_and_report(stop, {}); }

    void run_and_report(const std::stop_token& stop, const KernelProgress& progress) override {
        const int64_t items = lanes_ * op_.heads;
        // Heads of one sequence lie side by side in memory: those that follow each other stay with one
        // thread.
        // NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): the pragma reads it
        const int64_t piece = std::clamp<int64_t>(items / threads_ / 16, 1, op_.heads);
        std::atomic<int64_t> done = 0;
        ProgressTeller teller(progress, items);
#pragma omp parallel for schedule(dynamic, piece) num_threads(threads_)
        for (int64_t item = 0; item < items; ++item) {
            if (stop.stop_requested() || teller.has_failed()) continue;
            const int thread = omp_get_thread_num();
            run_attention_head(head_of(item / op_.heads, item % op_.heads), sizes_,
                               scratch_ + thread * sizes_.bytes());
            const int64_t now = ++done;
            if (thread == 0) teller.tell(now);
        }
        teller.rethrow();
    }

private:
    AttentionHead head_of(int64_t lane, int64_t head) const {
        AttentionHead one{.op = &op_, .queries = queries_, .keys = keys_};
        const int64_t column = head * op_.head_dim;
        one.q = rows(Attention::kQk, queries_, lane, op_.q_at + column);
        one.k = rows(keys_input_, keys_, lane, op_.k_at + column);
        one.v = rows(Attention::kV, keys_, lane, op_.v_at + column);
        one.y = rows(y_, op_.heads * op_.head_dim, queries_, lane, column);
        if (inputs_[Attention::kGates].data)
            one.gates = rows(Attention::kGates, queries_, lane, op_.gates_at + head);
        if (op_.position == Attention::Position::none) return one;
        const bool is_polar = op_.position == Attention::Position::polar;
        const int64_t half = queries_ * op_.head_dim;
        const float* table = inputs_[Attention::kPosition].floats();
        const float* sines = table + (is_polar ? 1 + op_.heads : 1) * half;
        const int64_t of_keys = is_polar ? (1 + head) * half : 0;
        one.q_angles = {table, sines};
        one.k_angles = {table + of_keys, sines + of_keys};
        return one;
    }

    Rows rows(int input, int64_t length, int64_t lane, int64_t column) const {
        return rows(inputs_[input], widths_[input], length, lane, column);
    }

    Rows rows(Buffer tensor, int64_t width, int64_t length, int64_t lane, int64_t column) const {
        const bool is_first_axis = op_.sequence_axis == 0;
        const int64_t token = is_first_axis ? lane : lane * length;
        return {tensor.at(token * width + column), (is_first_axis ? lanes_ : 1) * width};
    }

    static Storage factors_of(Storage inputs) {
        return inputs == Storage::bfloat16 && has_native_bfloat16() ? Storage::bfloat16 : Storage::float32;
    }

    Attention op_;
    int64_t queries_;  // of a sequence
    int64_t keys_;     // and values
    int64_t lanes_;    // sequences
    int threads_;
    HeadSizes sizes_;
    Buffer inputs_[5];
    int64_t widths_[5] = {};
    int keys_input_ = Attention::kQk;
    Buffer y_;
    std::byte* scratch_;
};

}  // namespace

std::unique_ptr<Kernel> make(const Attention& op, const KernelContext& context) {
    return std::make_unique<AttentionKernel>(op, context);
}

}  // namespace msst::backend::cpu
