// An LSTM layer, many sequences at a time.
//
// Directions, and groups of sequences, need nothing of each other, so a thread does one of them from the
// first step to the last without waiting. A step multiplies what a sequence gets and what it remembers at
// once: both lie in one row, and a row is all that is ever copied.
#include "backend/cpu/lstm.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include <omp.h>

#include "backend/cpu/kernel.h"
#include "backend/cpu/lstm_step.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/progress_teller.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

using graph::Lstm;

constexpr int64_t kLeastSequences = 8;  // of an item: below, weights are read for too little work
constexpr int64_t kMostSequences = 96;  // what they remember stays in the second-level cache

class LstmKernel final : public Kernel {
public:
    LstmKernel(const Lstm& op, const KernelContext& c)
        : sizes_(op, c.shape(Lstm::kX), c.shape(Lstm::kHiddenWeight), c.threads),
          threads_(c.threads),
          x_(c.inputs[Lstm::kX]),
          y_(c.output),
          scratch_(c.scratch) {
        const Storage factors = has_native_bfloat16() ? x_.storage : Storage::float32;
        const int64_t gates = 4 * sizes_.hidden;
        for (int64_t d = 0; d < sizes_.directions; ++d)
            weights_.emplace_back(sizes_.in, sizes_.hidden, factors,
                                  c.floats(Lstm::kInputWeight) + d * gates * sizes_.in,
                                  c.floats(Lstm::kHiddenWeight) + d * gates * sizes_.hidden,
                                  c.has(Lstm::kBias) ? c.floats(Lstm::kBias) + d * 2 * gates : nullptr);
    }

    void run(const std::stop_token& stop) override { run_and_report(stop, {}); }

    // Items of one direction are neighbours: its weights are read from the same cache by all threads.
    void run_and_report(const std::stop_token& stop, const KernelProgress& progress) override {
        std::atomic<int64_t> done = 0;
        ProgressTeller teller(progress, sizes_.items() * sizes_.steps);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
        for (int64_t item = 0; item < sizes_.items(); ++item) {
            const int thread = omp_get_thread_num();
            const auto goes_on = [&] {
                const int64_t now = ++done;
                if (thread == 0) teller.tell(now);
                return !stop.stop_requested() && !teller.has_failed();
            };
            run_item(item / sizes_.groups, item % sizes_.groups * sizes_.group,
                     scratch_ + thread * sizes_.thread_bytes(), goes_on);
        }
        teller.rethrow();
    }

private:
    // goes_on() is asked after every step.
    template <class GoesOn>
    void run_item(int64_t direction, int64_t first, std::byte* memory, const GoesOn& goes_on) {
        std::memset(memory, 0, sizes_.thread_bytes());
        const LstmWeights& weights = weights_[direction];
        LstmStep now;
        now.count = std::min(sizes_.group, sizes_.sequences - first);
        now.c = reinterpret_cast<float*>(memory);
        now.y_stride = sizes_.sequence_rows * sizes_.directions * sizes_.hidden;
        std::byte* rows = memory + sizes_.state_bytes();
        std::byte* next_rows = rows + sizes_.rows_bytes();
        for (int64_t done = 0; done < sizes_.steps; ++done) {
            const int64_t step = direction == 0 ? done : sizes_.steps - 1 - done;
            const int64_t row = first * sizes_.sequence_rows + step * sizes_.step_rows;
            for (int64_t s = 0; s < now.count; ++s)
                lstm_fill_row(weights, x_.at((row + s * sizes_.sequence_rows) * sizes_.in),
                              rows + s * weights.row_bytes());
            now.rows = rows;
            now.next_rows = next_rows;
            now.y = y_.at((row * sizes_.directions + direction) * sizes_.hidden);
            run_lstm_step(weights, now);
            if (!goes_on()) return;
            std::swap(rows, next_rows);
        }
    }

    LstmSizes sizes_;
    int threads_;
    Buffer x_;
    Buffer y_;
    std::byte* scratch_;
    std::vector<LstmWeights> weights_;  // per direction
};

}  // namespace

LstmSizes::LstmSizes(const Lstm& op, const graph::Shape& x, const graph::Shape& hidden_weight, int threads)
    : steps(x[op.sequence_axis]),
      sequences(x[1 - op.sequence_axis]),
      in(x[2]),
      hidden(hidden_weight[2]),
      directions(hidden_weight[0]),
      step_rows(op.sequence_axis == 0 ? sequences : 1),
      sequence_rows(op.sequence_axis == 0 || sequences == 1 ? 1 : steps) {
    const int64_t per_direction = (threads + directions - 1) / directions;
    const int64_t for_threads = std::min(per_direction, std::max<int64_t>(1, sequences / kLeastSequences));
    const int64_t for_cache = (sequences + kMostSequences - 1) / kMostSequences;
    groups = up_to_multiple(for_cache, for_threads);  // every thread gets as many
    group = up_to_multiple((sequences + groups - 1) / groups, std::min(sequences, kLstmRows));
    groups = (sequences + group - 1) / group;
}

int64_t LstmSizes::state_bytes() const {
    return group * padded(hidden) * 4;
}

int64_t LstmSizes::rows_bytes() const {  // bfloat16: half of it
    return up_to_multiple(group, kLstmRows) * lstm_row_bytes(in, hidden, Storage::float32);
}

std::unique_ptr<Kernel> make(const Lstm& op, const KernelContext& context) {
    return std::make_unique<LstmKernel>(op, context);
}

}  // namespace msst::backend::cpu
