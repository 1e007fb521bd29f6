#include <algorithm>
#include <vector>

#include "backend/reference/kernels.h"
#include "backend/reference/math.h"

namespace msst::backend::reference {
namespace {

using graph::Lstm;

// One sequence in one direction.
class Cell {
public:
    Cell(const Operands& io, int64_t direction)
        : hidden_(io.shapes[Lstm::kHiddenWeight][2]),
          in_(io.shapes[Lstm::kX][2]),
          input_weight_(io.inputs[Lstm::kInputWeight] + direction * 4 * hidden_ * in_),
          hidden_weight_(io.inputs[Lstm::kHiddenWeight] + direction * 4 * hidden_ * hidden_),
          bias_(io.inputs[Lstm::kBias] ? io.inputs[Lstm::kBias] + direction * 8 * hidden_ : nullptr),
          gates_(4 * hidden_),
          c_(hidden_),
          h_(hidden_) {}

    const std::vector<float>& step(const float* x) {
        for (int64_t row = 0; row < 4 * hidden_; ++row) {
            gates_[row] = dot(input_weight_ + row * in_, x, in_) +
                          dot(hidden_weight_ + row * hidden_, h_.data(), hidden_);
            if (bias_) gates_[row] += static_cast<double>(bias_[row]) + bias_[4 * hidden_ + row];
        }
        const double* i = gates_.data();
        const double* f = i + hidden_;
        const double* g = f + hidden_;
        const double* o = g + hidden_;
        for (int64_t n = 0; n < hidden_; ++n) {
            c_[n] = sigmoid(f[n]) * c_[n] + sigmoid(i[n]) * std::tanh(g[n]);
            h_[n] = static_cast<float>(sigmoid(o[n]) * std::tanh(c_[n]));
        }
        return h_;
    }

private:
    int64_t hidden_;
    int64_t in_;
    const float* input_weight_;
    const float* hidden_weight_;
    const float* bias_;  // null: none
    std::vector<double> gates_;
    std::vector<double> c_;
    std::vector<float> h_;
};

}  // namespace

void run(const Lstm& op, const Operands& io) {
    const graph::Shape& x = io.shapes[Lstm::kX];
    const int64_t directions = io.shapes[Lstm::kHiddenWeight][0];
    const int64_t hidden = io.shapes[Lstm::kHiddenWeight][2];
    const int64_t steps = x[op.sequence_axis];
    const int64_t step_rows = op.sequence_axis == 0 ? x[1] : 1;
    const int64_t sequence_rows = op.sequence_axis == 0 ? 1 : x[1];
    for (int64_t sequence = 0; sequence < x[1 - op.sequence_axis]; ++sequence)
        for (int64_t direction = 0; direction < directions; ++direction) {
            Cell cell(io, direction);
            for (int64_t i = 0; i < steps; ++i) {
                const int64_t step = direction == 0 ? i : steps - 1 - i;
                const int64_t row = sequence * sequence_rows + step * step_rows;
                const std::vector<float>& h = cell.step(io.inputs[Lstm::kX] + row * x[2]);
                std::ranges::copy(h, io.output + (row * directions + direction) * hidden);
            }
        }
}

}  // namespace msst::backend::reference
