#include <cmath>
#include <numeric>
#include <vector>

#include "backend/cpu/affine_rows.h"
#include "backend/cpu/channels_last.h"
#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {
namespace {

using graph::GroupNorm;

struct Moments {
    double mean = 0;
    double variance = 0;
};

// Of `count` numbers: sums of neighbours in float32, sums of those in double precision.
Moments moments_of(const float* x, int64_t count) {
    constexpr int64_t kPiece = 1024;
    const auto sum_over = [&](auto term) {
        double total = 0;
        for (int64_t first = 0; first < count; first += kPiece) {
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int64_t i = first; i < std::min(first + kPiece, count); ++i) sum += term(x[i]);
            total += sum;
        }
        return total / static_cast<double>(count);
    };
    Moments moments;
    moments.mean = sum_over([](float v) { return v; });
    moments.variance =
        sum_over([mean = static_cast<float>(moments.mean)](float v) { return (v - mean) * (v - mean); });
    return moments;
}

class GroupNormKernel final : public Kernel {
public:
    GroupNormKernel(const GroupNorm& op, const KernelContext& c)
        : op_(op),
          samples_(c.output_shape()[0]),
          channels_(c.output_shape()[1]),
          behind_(graph::elements(c.output_shape()) / (samples_ * channels_)),
          threads_(c.threads),
          x_(c.inputs[GroupNorm::kX]),
          weight_(c.floats(GroupNorm::kWeight)),
          bias_(c.floats(GroupNorm::kBias)),
          y_(c.output),
          moments_(samples_ * op.groups) {}

    void run(const std::stop_token&) override {
        const int64_t width = channels_ / op_.groups;
#pragma omp parallel num_threads(threads_)
        {
#pragma omp for
            for (int64_t group = 0; group < std::ssize(moments_); ++group)
                moments_[group] = moments_of(x_.floats() + group * width * behind_, width * behind_);
#pragma omp for
            for (int64_t row = 0; row < samples_ * channels_; ++row) normalise(row, moments_[row / width]);
        }
    }

private:
    // row: of [samples * channels].
    void normalise(int64_t row, const Moments& moments) {
        const double gain = weight_ ? weight_[row % channels_] : 1.0;
        const double scale = gain / std::sqrt(moments.variance + op_.epsilon);
        const double shift = (bias_ ? bias_[row % channels_] : 0.0) - moments.mean * scale;
        affine_row(x_.at(row * behind_), behind_, static_cast<float>(scale), static_cast<float>(shift),
                   op_.activation, y_.at(row * behind_));
    }

    GroupNorm op_;
    int64_t samples_;
    int64_t channels_;
    int64_t behind_;  // numbers of a channel
    int threads_;
    Buffer x_;
    const float* weight_;
    const float* bias_;
    Buffer y_;
    std::vector<Moments> moments_;  // per sample and group
};

}  // namespace

std::unique_ptr<Kernel> make(const GroupNorm& op, const KernelContext& context) {
    if (op.layout == graph::Layout::channels_last) return make_channels_last(op, context);
    return std::make_unique<GroupNormKernel>(op, context);
}

}  // namespace msst::backend::cpu
