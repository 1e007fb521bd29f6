#include <algorithm>
#include <cmath>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {
namespace {

using graph::LinearAttention;

// One head at a time per thread: norms and scores are sums over all rows, then every row is a small product.
class LinearAttentionKernel final : public Kernel {
public:
    LinearAttentionKernel(const LinearAttention& op, const KernelContext& c)
        : op_(op),
          rows_(c.output_shape()[0]),
          threads_(c.threads),
          qkv_(c.floats(0)),
          temperature_(c.floats(1)),
          y_(c.output.floats()),
          scores_(op.heads * op.head_dim * op.head_dim),
          squares_(2 * op.heads * op.head_dim) {}

    void run(const std::stop_token& stop) override {
#pragma omp parallel for num_threads(threads_)
        for (int64_t head = 0; head < op_.heads; ++head) {
            if (stop.stop_requested()) continue;
            sum_scores(head);
            softmax_scores(head);
            apply(head);
        }
    }

private:
    const float* column(int64_t row, int64_t part, int64_t head) const {
        return qkv_ + (row * 3 + part) * op_.heads * op_.head_dim + head * op_.head_dim;
    }

    double* scores(int64_t head) {
        return scores_.data() + head * op_.head_dim * op_.head_dim;
    }
    double* squares(int64_t head) {
        return squares_.data() + 2 * head * op_.head_dim;
    }

    void sum_scores(int64_t head) {
        const int64_t dim = op_.head_dim;
        std::fill_n(scores(head), dim * dim, 0.0);
        std::fill_n(squares(head), 2 * dim, 0.0);
        for (int64_t row = 0; row < rows_; ++row) {
            const float* q = column(row, 0, head);
            const float* k = column(row, 1, head);
            for (int64_t i = 0; i < dim; ++i) {
                squares(head)[i] += static_cast<double>(q[i]) * q[i];
                squares(head)[dim + i] += static_cast<double>(k[i]) * k[i];
                for (int64_t j = 0; j < dim; ++j)
                    scores(head)[i * dim + j] += static_cast<double>(q[i]) * k[j];
            }
        }
    }

    void softmax_scores(int64_t head) {
        const int64_t dim = op_.head_dim;
        const double scale = LinearAttention::kScale * std::exp(static_cast<double>(temperature_[head]));
        const auto norm = [&](int64_t i) { return std::max(std::sqrt(squares(head)[i]), 1e-12); };
        for (int64_t i = 0; i < dim; ++i) {
            double* row = scores(head) + i * dim;
            for (int64_t j = 0; j < dim; ++j) row[j] *= scale / (norm(i) * norm(dim + j));
            const double largest = *std::max_element(row, row + dim);
            double sum = 0;
            for (int64_t j = 0; j < dim; ++j) sum += row[j] = std::exp(row[j] - largest);
            for (int64_t j = 0; j < dim; ++j) row[j] /= sum;
        }
    }

    void apply(int64_t head) {
        const int64_t dim = op_.head_dim;
        for (int64_t row = 0; row < rows_; ++row) {
            const float* v = column(row, 2, head);
            float* y = y_ + (row * op_.heads + head) * dim;
            for (int64_t i = 0; i < dim; ++i) {
                double sum = 0;
                for (int64_t j = 0; j < dim; ++j) sum += scores(head)[i * dim + j] * v[j];
                y[i] = static_cast<float>(sum);
            }
        }
    }

    LinearAttention op_;
    int64_t rows_;
    int threads_;
    const float* qkv_;
    const float* temperature_;
    float* y_;
    std::vector<double> scores_;   // [heads, head_dim, head_dim]
    std::vector<double> squares_;  // [heads, q and k, head_dim]
};

}  // namespace

std::unique_ptr<Kernel> make(const LinearAttention& op, const KernelContext& context) {
    return std::make_unique<LinearAttentionKernel>(op, context);
}

}  // namespace msst::backend::cpu
