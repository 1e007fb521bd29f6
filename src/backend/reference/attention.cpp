#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {
namespace {

using graph::Attention;
using Rows = std::vector<std::vector<double>>;  // [length][numbers]

double softplus(double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// One head of one sequence.
struct Head {
    const Attention& op;
    const Operands& io;
    int64_t lane;  // which row of the axis that is not the sequence
    int64_t head;

    // Positions along the sequence of an input.
    int64_t length(int input) const { return io.shapes[input][op.sequence_axis]; }

    // The token of position i, as a row of [a, b].
    int64_t token(int input, int64_t i) const {
        return op.sequence_axis == 0 ? i * io.shapes[input][1] + lane : lane * io.shapes[input][1] + i;
    }

    const float* row(int input, int64_t i) const {
        return io.inputs[input] + token(input, i) * io.shapes[input].back();
    }

    // Queries or keys with their position in them; `variant` chooses the polar table.
    Rows read_embedded(int input, int64_t column, int64_t variant) const {
        Rows rows;
        for (int64_t i = 0; i < length(input); ++i)
            rows.push_back(embed(row(input, i) + column + head * op.head_dim, i, variant));
        return rows;
    }

    std::vector<double> embed(const float* x, int64_t i, int64_t variant) const {
        const float* table = io.inputs[Attention::kPosition];
        const int64_t dim = op.head_dim;
        std::vector<double> y(x, x + dim);
        if (op.position == Attention::Position::none) return y;
        const bool is_polar = op.position == Attention::Position::polar;
        const int64_t variants = is_polar ? 1 + op.heads : 1;
        const int64_t positions = length(Attention::kQk);
        const float* cosine = table + ((is_polar ? variant : 0) * positions + i) * dim;
        const float* sine = cosine + variants * positions * dim;
        if (is_polar) y.resize(2 * dim);
        for (int64_t r = 0; r < dim; ++r) {
            if (is_polar) {
                y[r] = softplus(x[r]) * cosine[r];
                y[dim + r] = softplus(x[r]) * sine[r];
            } else {
                const double partner = r % 2 == 0 ? -static_cast<double>(x[r + 1]) : x[r - 1];
                y[r] = static_cast<double>(x[r]) * cosine[r] + partner * sine[r];
            }
        }
        return y;
    }

    // How much position i takes of every other.
    std::vector<double> weights(const std::vector<double>& q, const Rows& k, int64_t i) const {
        std::vector<double> scores(k.size());
        double largest = -INFINITY;
        for (int64_t j = 0; j < std::ssize(k); ++j) {
            double sum = 0;
            for (size_t r = 0; r < q.size(); ++r) sum += q[r] * k[j][r];
            scores[j] = op.sees(i, j) ? sum / std::sqrt(static_cast<double>(op.head_dim)) : -INFINITY;
            largest = std::max(largest, scores[j]);
        }
        double total = 0;
        for (double& score : scores) total += score = std::exp(score - largest);
        for (double& score : scores) score /= total;
        return scores;
    }

    void write(int64_t i, const std::vector<double>& weights_of_i) const {
        const float* gates = io.inputs[Attention::kGates];
        const double gate = gates ? sigmoid(row(Attention::kGates, i)[op.gates_at + head]) : 1.0;
        for (int64_t r = 0; r < op.head_dim; ++r) {
            double sum = 0;
            for (int64_t j = 0; j < std::ssize(weights_of_i); ++j)
                sum += weights_of_i[j] * row(Attention::kV, j)[op.v_at + head * op.head_dim + r];
            io.output[(token(Attention::kQk, i) * op.heads + head) * op.head_dim + r] =
                static_cast<float>(sum * gate);
        }
    }
};

}  // namespace

void run(const graph::Attention& op, const Operands& io) {
    const graph::Shape& qk = io.shapes[Attention::kQk];
    for (int64_t lane = 0; lane < qk[1 - op.sequence_axis]; ++lane)
        for (int64_t head = 0; head < op.heads; ++head) {
            const Head at{op, io, lane, head};
            const Rows q = at.read_embedded(Attention::kQk, op.q_at, 0);
            const Rows k = at.read_embedded(Attention::keys_input(io.shapes), op.k_at, 1 + head);
            for (int64_t i = 0; i < std::ssize(q); ++i) at.write(i, at.weights(q[i], k, i));
        }
}

}  // namespace msst::backend::reference
