#include <algorithm>
#include <cmath>

#include "backend/cpu/kernel.h"
#include "backend/cpu/matrix_product.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

using graph::LocalAttention;

// One head of one lane per thread at a time, queries in blocks: two products by oneDNN with the softmax
// between them. Sequences are a few hundred positions long, so float32 is quick enough.
class LocalAttentionKernel final : public Kernel {
public:
    LocalAttentionKernel(const LocalAttention& op, const KernelContext& c)
        : op_(op),
          lanes_(c.output_shape()[0]),
          length_(c.output_shape()[1]),
          stride_(c.shape(0)[2]),
          ld_(padded(length_)),
          block_(std::min(length_, kBlock)),
          threads_(c.threads),
          x_(c.inputs[0]),
          y_(c.output.floats()) {
        for (const int64_t rows : {block_, length_ % block_}) {
            if (rows == 0) continue;
            score_products_.emplace_back(BatchShape{1, rows, op.head_dim, length_, stride_, stride_, ld_,
                                                    /*is_w_transposed=*/true});
            value_products_.emplace_back(BatchShape{1, rows, length_, op.head_dim, ld_, stride_, op.width()});
        }
        int64_t scratch = 0;
        for (const auto* products : {&score_products_, &value_products_})
            for (const BatchProduct& product : *products)
                scratch = std::max(scratch, product.scratch_bytes());
        for (int t = 0; t < threads_; ++t)
            workers_.push_back(
                {std::vector<float>(block_ * ld_), std::vector<std::byte>(scratch + kAlignment)});
        bind();
    }

    void run(const std::stop_token& stop) override {
#pragma omp parallel for num_threads(threads_)
        for (int t = 0; t < threads_; ++t)
            for (int64_t item = t; item < lanes_ * op_.heads; item += threads_)
                if (!stop.stop_requested()) run_head(workers_[t], item);
    }

private:
    static constexpr int64_t kBlock = 256;  // queries
    static constexpr int64_t kAlignment = 64;

    struct Worker {
        std::vector<float> scores;  // [block, ld], then their softmax
        std::vector<std::byte> scratch;
    };

    struct Block {
        int64_t first = 0;
        int64_t count = 0;
        BatchProduct::Call scores;
        BatchProduct::Call values;
    };

    // Which worker runs which head is known beforehand, so every call has fixed addresses.
    void bind() {
        const int64_t items = lanes_ * op_.heads;
        for (int64_t item = 0; item < items; ++item) {
            Worker& worker = workers_[item % threads_];
            std::byte* scratch = worker.scratch.data();
            scratch += -reinterpret_cast<uintptr_t>(scratch) % kAlignment;
            const Buffer scores{reinterpret_cast<std::byte*>(worker.scores.data()), Storage::float32};
            const int64_t lane = item / op_.heads;
            const int64_t column = item % op_.heads * op_.head_dim;
            const Buffer rows = x_.at(lane * length_ * stride_ + column);
            std::vector<Block>& blocks = heads_.emplace_back();
            for (int64_t first = 0; first < length_; first += block_) {
                const int64_t count = std::min(block_, length_ - first);
                const size_t which = count == block_ ? 0 : score_products_.size() - 1;
                float* y = y_ + (lane * length_ + first) * op_.width() + column;
                blocks.push_back({first, count,
                                  score_products_[which].bind(rows.at(first * stride_), rows.at(op_.width()),
                                                              worker.scores.data(), scratch),
                                  value_products_[which].bind(scores, rows.at(2 * op_.width()), y, scratch)});
            }
        }
    }

    void run_head(Worker& worker, int64_t item) {
        for (Block& block : heads_[item]) {
            block.scores.run();
            for (int64_t i = 0; i < block.count; ++i)
                weigh(worker.scores.data() + i * ld_, item, block.first + i);
            block.values.run();
        }
    }

    // Scores of one query as they come from the product become its weights.
    void weigh(float* scores, int64_t item, int64_t s) const {
        const float* row = x_.floats() + (item / op_.heads * length_ + s) * stride_;
        const float* rates = row + 3 * op_.width() + item % op_.heads * op_.decays;
        float slope = 0;
        for (int64_t f = 0; f < op_.decays; ++f) slope += static_cast<float>(f + 1) * sigmoid(rates[f]) / 2;
        slope /= std::sqrt(static_cast<float>(op_.decays));
        const float scale = 1.0f / std::sqrt(static_cast<float>(op_.head_dim));
        for (int64_t t = 0; t < length_; ++t)
            scores[t] = scores[t] * scale - static_cast<float>(std::abs(t - s)) * slope;
        scores[s] = LocalAttention::kSelfScore;
        const Buffer weights{reinterpret_cast<std::byte*>(scores), Storage::float32};
        const float total = exp_row(scores, length_, weights);
        scale_row(weights, length_, 1.0f / total, weights);
    }

    LocalAttention op_;
    int64_t lanes_;
    int64_t length_;
    int64_t stride_;
    int64_t ld_;
    int64_t block_;
    int threads_;
    Buffer x_;
    float* y_;
    std::vector<BatchProduct> score_products_;  // whole block, rest
    std::vector<BatchProduct> value_products_;
    std::vector<Worker> workers_;
    std::vector<std::vector<Block>> heads_;  // per lane and head
};

}  // namespace

std::unique_ptr<Kernel> make(const LocalAttention& op, const KernelContext& context) {
    return std::make_unique<LocalAttentionKernel>(op, context);
}

}  // namespace msst::backend::cpu
