#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {
namespace {

using Columns = std::vector<std::vector<double>>;  // [head_dim][rows]

// The columns of one head; heads of q, k and v are counted through.
Columns read_columns(const graph::LinearAttention& op, const Operands& io, int64_t head) {
    Columns columns(op.head_dim, std::vector<double>(io.shapes[0][0]));
    for (int64_t i = 0; i < op.head_dim; ++i)
        for (int64_t row = 0; row < io.shapes[0][0]; ++row)
            columns[i][row] = io.inputs[0][row * io.shapes[0][1] + head * op.head_dim + i];
    return columns;
}

double norm(const std::vector<double>& a) {
    return std::max(std::sqrt(dot(a, a)), 1e-12);
}

}  // namespace

void run(const graph::LinearAttention& op, const Operands& io) {
    const int64_t rows = io.shapes[0][0];
    for (int64_t head = 0; head < op.heads; ++head) {
        const Columns q = read_columns(op, io, head);
        const Columns k = read_columns(op, io, op.heads + head);
        const Columns v = read_columns(op, io, 2 * op.heads + head);
        const double q_scale =
            graph::LinearAttention::kScale * std::exp(static_cast<double>(io.inputs[1][head]));
        for (int64_t i = 0; i < op.head_dim; ++i) {
            std::vector<double> weights(op.head_dim);
            for (int64_t j = 0; j < op.head_dim; ++j)
                weights[j] = q_scale * dot(q[i], k[j]) / (norm(q[i]) * norm(k[j]));
            softmax(weights);
            for (int64_t row = 0; row < rows; ++row) {
                double sum = 0;
                for (int64_t j = 0; j < op.head_dim; ++j) sum += weights[j] * v[j][row];
                io.output[(row * op.heads + head) * op.head_dim + i] = static_cast<float>(sum);
            }
        }
    }
}

}  // namespace msst::backend::reference
