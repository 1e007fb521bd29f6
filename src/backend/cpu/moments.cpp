// What is computed from the statistics of a whole tensor.
#include "backend/cpu/moments.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {
namespace {

constexpr int64_t kPiece = 4096;

float sum_of(const float* x, int64_t count) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) sum += x[i];
    return sum;
}

float squares_of(const float* x, int64_t count, float centre) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) sum += (x[i] - centre) * (x[i] - centre);
    return sum;
}

}  // namespace

PieceSums::PieceSums(int64_t count, int threads)
    : count_(count), threads_(threads), sums_((count + kPiece - 1) / kPiece) {}

PieceSums::Result PieceSums::of(const float* x) {
    const int64_t pieces = std::ssize(sums_);
#pragma omp parallel for num_threads(threads_)
    for (int64_t piece = 0; piece < pieces; ++piece)
        sums_[piece] = sum_of(x + piece * kPiece, std::min(kPiece, count_ - piece * kPiece));
    const double mean = std::accumulate(sums_.begin(), sums_.end(), 0.0) / static_cast<double>(count_);
    const auto centre = static_cast<float>(mean);
#pragma omp parallel for num_threads(threads_)
    for (int64_t piece = 0; piece < pieces; ++piece)
        sums_[piece] = squares_of(x + piece * kPiece, std::min(kPiece, count_ - piece * kPiece), centre);
    return {mean, std::accumulate(sums_.begin(), sums_.end(), 0.0)};
}

std::unique_ptr<Kernel> make(const graph::Moments&, const KernelContext& c) {
    const int64_t count = graph::elements(c.shape(0));
    return make_loop(
        [count, sums = PieceSums(count, c.threads), x = c.floats(0), y = c.output.floats()]() mutable {
            const PieceSums::Result result = sums.of(x);
            y[0] = static_cast<float>(result.mean);
            y[1] = static_cast<float>(std::sqrt(result.squares / static_cast<double>(count - 1)));
        });
}

std::unique_ptr<Kernel> make(const graph::Standardize& op, const KernelContext& c) {
    return make_loop([op, count = graph::elements(c.output_shape()), threads = c.threads, x = c.floats(0),
                      moments = c.floats(1), y = c.output.floats()] {
        const float factor = op.factor(moments[1]);
        const float summand = op.summand(moments[0], moments[1]);
#pragma omp parallel for simd num_threads(threads)
        for (int64_t i = 0; i < count; ++i) y[i] = x[i] * factor + summand;
    });
}

std::unique_ptr<Kernel> make(const graph::TensorNorm& op, const KernelContext& c) {
    const int64_t count = graph::elements(c.output_shape());
    const int64_t width = c.output_shape().back();
    return make_loop([epsilon = op.epsilon, count, width, threads = c.threads,
                      sums = PieceSums(count, c.threads), x = c.floats(0), gain = c.floats(1),
                      bias = c.floats(2), y = c.output.floats()]() mutable {
        const PieceSums::Result result = sums.of(x);
        const auto mean = static_cast<float>(result.mean);
        const auto scale = static_cast<float>(
            1.0 / std::sqrt(result.squares / static_cast<double>(count) + static_cast<double>(epsilon)));
#pragma omp parallel for num_threads(threads)
        for (int64_t row = 0; row < count / width; ++row) {
            const float* from = x + row * width;
            float* to = y + row * width;
#pragma omp simd
            for (int64_t i = 0; i < width; ++i) to[i] = (from[i] - mean) * scale * gain[i] + bias[i];
        }
    });
}

}  // namespace msst::backend::cpu
