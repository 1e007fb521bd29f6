// An LSTM layer as two products per step for many sequences at once: inputs and states.
//
// Directions, and groups of sequences if there are more threads, need nothing of each other, so a thread does
// one of them from the first step to the last without waiting. The products of the inputs do not depend on
// the steps before and are done for as many steps at once as keep their results in the cache; where the steps
// of a sequence lie side by side (sequence_axis 1) the rows of one step are picked out by their stride, so
// nothing is ever copied into another order.
#include "backend/cpu/lstm.h"

#include <algorithm>
#include <cstring>

#include <omp.h>

#include "backend/cpu/kernel.h"
#include "backend/cpu/lstm_gates.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

using graph::Lstm;

constexpr int64_t kAlignment = 64;
constexpr int64_t kGateFloats = 1 << 20;  // of one item: they stay in the third-level cache
constexpr int64_t kLeastSequences = 8;    // of an item: below, a product is not worth a thread

int64_t aligned(int64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// oneDNN prepares a product for as many threads as there are; these run inside of one.
class SingleThreaded {
public:
    SingleThreaded() : threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~SingleThreaded() { omp_set_num_threads(threads_); }
    SingleThreaded(const SingleThreaded&) = delete;
    SingleThreaded& operator=(const SingleThreaded&) = delete;

private:
    int threads_;
};

class LstmKernel final : public Kernel {
public:
    LstmKernel(const Lstm& op, const KernelContext& c)
        : sizes_(op, c.shape(Lstm::kX), c.shape(Lstm::kHiddenWeight), c.threads),
          threads_(c.threads),
          x_(c.inputs[Lstm::kX]),
          y_(c.output),
          scratch_(c.scratch) {
        const SingleThreaded while_preparing;
        for (int64_t item = 0; item < sizes_.items(); ++item) {
            if (item < sizes_.directions) prepare(item, c);
            if (item < sizes_.directions) continue;
            const auto first = static_cast<size_t>(item % sizes_.directions);
            input_products_.push_back(input_products_[first].twin());
            hidden_products_.push_back(hidden_products_[first].twin());
        }
    }

    void run(const std::stop_token& stop) override {
#pragma omp parallel for schedule(static, 1) num_threads(threads_)
        for (int64_t item = 0; item < sizes_.items(); ++item) run_item(item, stop);
    }

private:
    // The memory of one item, and which part of the layer it is.
    struct Item {
        int64_t direction;
        int64_t first;  // sequence
        int64_t count;  // of sequences
        float* gates;   // [block, count, 4 hidden]
        float* c;       // [count, padded(hidden)]
        Buffer h;       // [count, padded(hidden)]
    };

    void prepare(int64_t direction, const KernelContext& c) {
        const int64_t gates = 4 * sizes_.hidden;
        std::vector<float> bias;
        if (c.has(Lstm::kBias)) {
            const float* both = c.floats(Lstm::kBias) + direction * 2 * gates;
            for (int64_t i = 0; i < gates; ++i) bias.push_back(both[i] + both[gates + i]);
        }
        ProductShape input;
        input.rows = sizes_.block * sizes_.group;
        input.in = sizes_.in;
        input.out = input.y_stride = gates;
        input.x_stride = sizes_.sequence_rows * sizes_.in;
        input.x_storage = x_.storage;
        input.has_bias = !bias.empty();
        const int64_t rows = sizes_.block > 1 ? sizes_.steps * sizes_.sequences : sizes_.sequences;
        input_products_.emplace_back(
            input, rows, c.floats(Lstm::kInputWeight) + direction * gates * sizes_.in, bias.data());
        ProductShape hidden = input;
        hidden.rows = sizes_.group;
        hidden.in = sizes_.hidden;
        hidden.x_stride = padded(sizes_.hidden);
        hidden.has_bias = false;
        hidden.accumulates = true;
        hidden_products_.emplace_back(hidden, sizes_.sequences,
                                      c.floats(Lstm::kHiddenWeight) + direction * gates * sizes_.hidden,
                                      nullptr);
    }

    Item item_of(int64_t index) const {
        Item item{};
        item.direction = index % sizes_.directions;
        item.first = index / sizes_.directions * sizes_.group;
        item.count = std::min(sizes_.group, sizes_.sequences - item.first);
        std::byte* memory = scratch_ + index * sizes_.item_bytes();
        item.gates = reinterpret_cast<float*>(memory);
        item.c = reinterpret_cast<float*>(memory + sizes_.gates_bytes());
        item.h = {memory + sizes_.gates_bytes() + sizes_.state_bytes(), x_.storage};
        return item;
    }

    void run_item(int64_t index, const std::stop_token& stop) {
        const Item item = item_of(index);
        std::memset(item.c, 0, 2 * sizes_.state_bytes());
        for (int64_t done = 0; done < sizes_.steps && !stop.stop_requested(); done += sizes_.block) {
            const int64_t count = std::min(sizes_.block, sizes_.steps - done);
            const bool is_forward = item.direction == 0;
            const int64_t first = is_forward ? done : sizes_.steps - done - count;
            multiply_inputs(index, item, first, count);
            for (int64_t i = 0; i < count; ++i) {
                const int64_t step = is_forward ? i : count - 1 - i;
                float* gates = item.gates + step * item.count * 4 * sizes_.hidden;
                if (done + i > 0) multiply_states(index, item, gates);
                finish_step(item, gates, first + step);
            }
        }
    }

    int64_t row(const Item& item, int64_t sequence, int64_t step) const {
        return (item.first + sequence) * sizes_.sequence_rows + step * sizes_.step_rows;
    }

    void multiply_inputs(int64_t index, const Item& item, int64_t first, int64_t count) {
        const Buffer gates{reinterpret_cast<std::byte*>(item.gates), Storage::float32};
        input_products_[index].run(x_.at(row(item, 0, first) * sizes_.in), gates, count * item.count);
    }

    void multiply_states(int64_t index, const Item& item, float* gates) {
        hidden_products_[index].run(item.h, {reinterpret_cast<std::byte*>(gates), Storage::float32},
                                    item.count);
    }

    void finish_step(const Item& item, const float* gates, int64_t step) {
        const int64_t hidden = sizes_.hidden;
        for (int64_t s = 0; s < item.count; ++s)
            lstm_gates_row(gates + s * 4 * hidden, hidden, item.c + s * padded(hidden),
                           item.h.at(s * padded(hidden)),
                           y_.at((row(item, s, step) * sizes_.directions + item.direction) * hidden));
    }

    LstmSizes sizes_;
    int threads_;
    Buffer x_;
    Buffer y_;
    std::byte* scratch_;
    std::vector<PackedProduct> input_products_;   // per item
    std::vector<PackedProduct> hidden_products_;  // per item
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
    const int64_t wanted = (threads + directions - 1) / directions;
    groups = std::min(wanted, std::max<int64_t>(1, sequences / kLeastSequences));
    group = (sequences + groups - 1) / groups;
    groups = (sequences + group - 1) / group;
    const bool are_rows_dense = sequence_rows == 1 && groups == 1;
    block = are_rows_dense ? std::clamp<int64_t>(kGateFloats / (group * 4 * hidden), 1, steps) : 1;
}

int64_t LstmSizes::gates_bytes() const {
    return aligned((block * group * 4 * hidden + kLanes) * 4);
}

int64_t LstmSizes::state_bytes() const {
    return aligned(group * padded(hidden) * 4);
}

std::unique_ptr<Kernel> make(const Lstm& op, const KernelContext& context) {
    return std::make_unique<LstmKernel>(op, context);
}

}  // namespace msst::backend::cpu
