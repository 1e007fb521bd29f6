#include <cmath>
#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {
namespace {

using graph::LocalAttention;

// What query s gives to every key, before the softmax. rows: [length, *] of one lane.
std::vector<double> scores_of(const LocalAttention& op, const float* rows, int64_t length, int64_t stride,
                              int64_t head, int64_t s) {
    const float* query = rows + s * stride + head * op.head_dim;
    const float* rates = rows + s * stride + 3 * op.width() + head * op.decays;
    double slope = 0;
    for (int64_t f = 0; f < op.decays; ++f) slope += static_cast<double>(f + 1) * sigmoid(rates[f]) / 2;
    slope /= std::sqrt(static_cast<double>(op.decays));
    std::vector<double> scores;
    for (int64_t t = 0; t < length; ++t) {
        const float* key = rows + t * stride + op.width() + head * op.head_dim;
        const double score = dot(query, key, op.head_dim) / std::sqrt(static_cast<double>(op.head_dim));
        const auto distance = static_cast<double>(std::abs(t - s));
        scores.push_back(t == s ? LocalAttention::kSelfScore : score - distance * slope);
    }
    return scores;
}

}  // namespace

void run(const LocalAttention& op, const Operands& io) {
    const int64_t length = io.output_shape[1];
    const int64_t stride = io.shapes[0][2];
    for (int64_t lane = 0; lane < io.output_shape[0]; ++lane)
        for (int64_t head = 0; head < op.heads; ++head)
            for (int64_t s = 0; s < length; ++s) {
                const float* rows = io.inputs[0] + lane * length * stride;
                std::vector<double> weights = scores_of(op, rows, length, stride, head, s);
                softmax(weights);
                for (int64_t r = 0; r < op.head_dim; ++r) {
                    const int64_t column = 2 * op.width() + head * op.head_dim + r;
                    double sum = 0;
                    for (int64_t t = 0; t < length; ++t) sum += weights[t] * rows[t * stride + column];
                    io.output[(lane * length + s) * op.width() + head * op.head_dim + r] =
                        static_cast<float>(sum);
                }
            }
}

}  // namespace msst::backend::reference
