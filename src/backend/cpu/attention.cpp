// Attention as two products per group of heads, a vector softmax between them, one group per thread at a
// time.
//
// A group is as many heads of one sequence as fit the cache: one for 801 frames, all eight for 60 bands.
// Queries of long sequences go through in blocks, so that the scores of a block stay in the cache. Scores are
// float32, their exponentials are stored as the products want them, and the division by their sum is left for
// the very end, where it and the gate are one factor.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <omp.h>

#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

using graph::Attention;

constexpr int64_t kMaxScores = 1 << 20;  // floats of one block of scores
constexpr int64_t kAlignment = 64;

struct Sizes {
    Sizes(const Attention& op, const graph::Shape& qk, const graph::Shape& v)
        : length(qk[op.sequence_axis]),
          keys(v[op.sequence_axis]),
          lanes(qk[1 - op.sequence_axis]),
          score_width(op.position == Attention::Position::polar ? 2 * op.head_dim : op.head_dim),
          ld(padded(keys)) {
        group = std::clamp<int64_t>(kMaxScores / (4 * length * ld), 1, op.heads);
        while (op.heads % group != 0) --group;
        block = std::clamp<int64_t>(kMaxScores / ld, std::min<int64_t>(length, 16), length);
        if (group > 1) block = length;
    }

    int64_t length;       // queries of a sequence
    int64_t keys;         // its keys and values
    int64_t lanes;        // sequences
    int64_t score_width;  // numbers a score is a sum of
    int64_t ld;           // floats from one row of scores to the next
    int64_t group;        // heads at a time
    int64_t block;        // queries at a time
};

// The memory and the prepared products of one thread.
struct Worker {
    Buffer q, k;  // [group, length or keys, score_width]
    Buffer v, p;  // [group, keys, head_dim], [group, block, ld]
    float* scores = nullptr;
    float* heads = nullptr;  // [group, block, head_dim]
    std::vector<float> sums;
    std::vector<BatchProduct::Call> score_calls;  // whole block, rest
    std::vector<BatchProduct::Call> value_calls;
};

class AttentionKernel final : public Kernel {
public:
    AttentionKernel(const Attention& op, const KernelContext& c)
        : op_(op),
          sizes_(op, c.shape(Attention::kQk), c.shape(Attention::kV)),
          threads_(c.threads),
          y_(c.output) {
        for (size_t i = 0; i < c.inputs.size(); ++i) {
            inputs_[i] = c.inputs[i];
            widths_[i] = c.has(static_cast<int>(i)) ? c.shape(static_cast<int>(i)).back() : 0;
        }
        keys_input_ = inputs_[Attention::kKeys].data ? Attention::kKeys : Attention::kQk;
        storage_ = c.inputs[Attention::kQk].storage;
        prepare_products();
        make_workers();
    }

    void run(const std::stop_token& stop) override {
        const int64_t groups = op_.heads / sizes_.group;
        const int64_t items = sizes_.lanes * groups;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
        for (int64_t item = 0; item < items; ++item) {
            if (stop.stop_requested()) continue;
            run_group(workers_[omp_get_thread_num()], item / groups, item % groups * sizes_.group);
        }
    }

private:
    void prepare_products() {
        int64_t blocks[] = {sizes_.block, sizes_.length % sizes_.block};
        for (const int64_t rows : blocks) {
            if (rows == 0) continue;
            score_products_.emplace_back(BatchShape{sizes_.group, rows, sizes_.score_width, sizes_.keys,
                                                    sizes_.score_width, sizes_.score_width, sizes_.ld,
                                                    /*is_w_transposed=*/true, storage_});
            value_products_.emplace_back(BatchShape{sizes_.group, rows, sizes_.keys, op_.head_dim, sizes_.ld,
                                                    op_.head_dim, op_.head_dim,
                                                    /*is_w_transposed=*/false, storage_});
        }
    }

    void make_workers() {
        int64_t scratch = 0;
        for (const auto* products : {&score_products_, &value_products_})
            for (const BatchProduct& product : *products)
                scratch = std::max(scratch, product.scratch_bytes());
        const int64_t width = size_of(storage_);
        const int64_t tokens = sizes_.group * sizes_.length;
        const int64_t keys = sizes_.group * sizes_.keys;
        const int64_t queries = sizes_.group * sizes_.block;
        const int64_t parts[] = {tokens * sizes_.score_width * width,
                                 keys * sizes_.score_width * width,
                                 keys * op_.head_dim * width,
                                 queries * sizes_.ld * width,
                                 queries * sizes_.ld * 4,
                                 queries * op_.head_dim * 4,
                                 scratch};
        int64_t bytes = kAlignment;
        for (const int64_t part : parts) bytes += aligned(part);
        for (int t = 0; t < threads_; ++t) {
            memory_.emplace_back(bytes);
            std::byte* at = memory_.back().data();
            at += -reinterpret_cast<uintptr_t>(at) % kAlignment;
            std::byte* starts[7];
            for (int i = 0; i < 7; ++i) {
                starts[i] = at;
                at += aligned(parts[i]);
            }
            Worker w;
            w.q = {starts[0], storage_};
            w.k = {starts[1], storage_};
            w.v = {starts[2], storage_};
            w.p = {starts[3], storage_};
            w.scores = reinterpret_cast<float*>(starts[4]);
            w.heads = reinterpret_cast<float*>(starts[5]);
            w.sums.resize(queries);
            bind(w, starts[6]);
            workers_.push_back(std::move(w));
        }
    }

    // With more than one block there is one head, so that a block of queries starts at a fixed place of its
    // own.
    void bind(Worker& w, std::byte* scratch) {
        for (int64_t first = 0; first < sizes_.length; first += sizes_.block) {
            const bool is_whole = first + sizes_.block <= sizes_.length;
            const size_t which = is_whole ? 0 : score_products_.size() - 1;
            w.score_calls.push_back(
                score_products_[which].bind(w.q.at(first * sizes_.score_width), w.k, w.scores, scratch));
            w.value_calls.push_back(value_products_[which].bind(w.p, w.v, w.heads, scratch));
        }
    }

    static int64_t aligned(int64_t bytes) {
        return (bytes + kAlignment - 1) / kAlignment * kAlignment;
    }

    // The row of a query or, of `count` in a sequence, of a key.
    int64_t token(int64_t lane, int64_t i, int64_t count) const {
        return op_.sequence_axis == 0 ? i * sizes_.lanes + lane : lane * count + i;
    }

    void run_group(Worker& w, int64_t lane, int64_t first_head) {
        for (int64_t h = 0; h < sizes_.group; ++h) gather(w, lane, first_head + h, h);
        size_t call = 0;
        for (int64_t first = 0; first < sizes_.length; first += sizes_.block, ++call) {
            const int64_t count = std::min(sizes_.block, sizes_.length - first);
            w.score_calls[call].run();
            for (int64_t row = 0; row < sizes_.group * count; ++row) {
                float* scores = w.scores + row * sizes_.ld;
                if (op_.window > 0) hide(scores, first + row % count);
                w.sums[row] = exp_row(scores, sizes_.keys, w.p.at(row * sizes_.ld));
            }
            w.value_calls[call].run();
            for (int64_t row = 0; row < sizes_.group * count; ++row)
                write(w, row, token(lane, first + row % count, sizes_.length), first_head + row / count);
        }
    }

    Buffer head_row(int input, int64_t row, int64_t column, int64_t head) const {
        return inputs_[input].at(row * widths_[input] + column + head * op_.head_dim);
    }

    // The head's queries, keys and values side by side, with their positions; `slot`: which head of the
    // group.
    void gather(Worker& w, int64_t lane, int64_t head, int64_t slot) {
        const float scale = 1.0f / std::sqrt(static_cast<float>(op_.head_dim));
        for (int64_t i = 0; i < sizes_.length; ++i) {
            const Buffer q = head_row(Attention::kQk, token(lane, i, sizes_.length), op_.q_at, head);
            embed(q, i, 0, scale, w.q.at((slot * sizes_.length + i) * sizes_.score_width));
        }
        for (int64_t i = 0; i < sizes_.keys; ++i) {
            const int64_t t = token(lane, i, sizes_.keys);
            const int64_t at = slot * sizes_.keys + i;
            embed(head_row(keys_input_, t, op_.k_at, head), i, 1 + head, 1.0f,
                  w.k.at(at * sizes_.score_width));
            scale_row(head_row(Attention::kV, t, op_.v_at, head), op_.head_dim, 1.0f,
                      w.v.at(at * op_.head_dim));
        }
    }

    void embed(Buffer x, int64_t i, int64_t variant, float scale, Buffer y) const {
        const int64_t dim = op_.head_dim;
        const int64_t half = sizes_.length * dim;
        const float* table = inputs_[Attention::kPosition].floats() + i * dim;
        switch (op_.position) {
            case Attention::Position::none:
                scale_row(x, dim, scale, y);
                return;
            case Attention::Position::rotary:
                rotary_row(x, table, table + half, dim, scale, y);
                return;
            case Attention::Position::polar:
                table += variant * half;
                polar_row(x, table, table + (1 + op_.heads) * half, dim, scale, y);
                return;
        }
    }

    void hide(float* scores, int64_t i) const {
        for (int64_t j = 0; j < sizes_.keys; ++j)
            if (!op_.sees(i, j)) scores[j] = -INFINITY;
    }

    void write(const Worker& w, int64_t row, int64_t t, int64_t head) const {
        float factor = 1.0f / w.sums[row];
        if (inputs_[Attention::kGates].data)
            factor *= sigmoid(
                load(inputs_[Attention::kGates], t * widths_[Attention::kGates] + op_.gates_at + head));
        const Buffer x{reinterpret_cast<std::byte*>(w.heads + row * op_.head_dim), Storage::float32};
        scale_row(x, op_.head_dim, factor, y_.at((t * op_.heads + head) * op_.head_dim));
    }

    Attention op_;
    Sizes sizes_;
    int threads_;
    Buffer inputs_[5];
    int64_t widths_[5] = {};
    int keys_input_ = Attention::kQk;
    Buffer y_;
    Storage storage_ = Storage::float32;
    std::vector<BatchProduct> score_products_;
    std::vector<BatchProduct> value_products_;
    std::vector<std::vector<std::byte>> memory_;
    std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Kernel> make(const Attention& op, const KernelContext& context) {
    return std::make_unique<AttentionKernel>(op, context);
}

}  // namespace msst::backend::cpu
