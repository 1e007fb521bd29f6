// Statistics per channel, then everything else in one pass: x is read twice and y written once, whatever
// follows the norm. Pieces stay in a thread's cache for the two looks that a stable variance needs.
#include "backend/cpu/channel_norm.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/channel_rows.h"
#include "backend/cpu/channel_spreads.h"

namespace msst::backend::cpu {
namespace {

using graph::GroupNorm;

constexpr int64_t kPiece = 16384;  // numbers

class ChannelNormKernel final : public Kernel {
public:
    ChannelNormKernel(const GroupNorm& op, const KernelContext& c)
        : op_(op),
          samples_(c.output_shape()[0]),
          channels_(c.output_shape().back()),
          rows_(graph::elements(c.output_shape()) / (samples_ * channels_)),
          piece_rows_(std::max<int64_t>(1, kPiece / channels_)),
          pieces_((rows_ + piece_rows_ - 1) / piece_rows_),
          threads_(c.threads),
          x_(c.inputs[GroupNorm::kX]),
          weight_(c.floats(GroupNorm::kWeight)),
          bias_(c.floats(GroupNorm::kBias)),
          y_(c.output),
          means_(samples_ * pieces_ * channels_),
          squares_(samples_ * pieces_ * channels_),
          scales_(samples_ * channels_),
          shifts_(samples_ * channels_) {}

    void run(const std::stop_token&) override {
        const int64_t jobs = samples_ * pieces_;
        const int64_t groups = samples_ * op_.groups;
#pragma omp parallel num_threads(threads_)
        {
#pragma omp for
            for (int64_t job = 0; job < jobs; ++job)
                channel_spreads(x_.at(place(job)), count_of(job), channels_, means_.data() + job * channels_,
                                squares_.data() + job * channels_);
#pragma omp for
            for (int64_t group = 0; group < groups; ++group) prepare(group / op_.groups, group % op_.groups);
#pragma omp for
            for (int64_t job = 0; job < jobs; ++job) normalise(job);
        }
    }

private:
    // Jobs are the pieces of the first sample, then those of the second, …
    int64_t count_of(int64_t job) const {
        return std::min(piece_rows_, rows_ - job % pieces_ * piece_rows_);
    }
    int64_t place(int64_t job) const {
        return (job / pieces_ * rows_ + job % pieces_ * piece_rows_) * channels_;
    }

    Spread spread_of_group(int64_t sample, int64_t first_channel, int64_t width) const {
        Spread whole;
        for (int64_t job = sample * pieces_; job < (sample + 1) * pieces_; ++job)
            for (int64_t c = first_channel; c < first_channel + width; ++c)
                whole.join({static_cast<double>(count_of(job)), means_[job * channels_ + c],
                            squares_[job * channels_ + c]});
        return whole;
    }

    void prepare(int64_t sample, int64_t group) {
        const int64_t width = channels_ / op_.groups;
        const Spread whole = spread_of_group(sample, group * width, width);
        const double scale = 1.0 / std::sqrt(whole.squares / whole.count + op_.epsilon);
        for (int64_t c = group * width; c < (group + 1) * width; ++c) {
            const double gain = scale * (weight_ ? weight_[c] : 1.0);
            scales_[sample * channels_ + c] = static_cast<float>(gain);
            shifts_[sample * channels_ + c] =
                static_cast<float>((bias_ ? bias_[c] : 0.0) - whole.mean * gain);
        }
    }

    void normalise(int64_t job) const {
        const int64_t first = job / pieces_ * channels_;
        affine_channels(x_.at(place(job)), count_of(job), channels_, scales_.data() + first,
                        shifts_.data() + first, op_.activation, y_.at(place(job)));
    }

    GroupNorm op_;
    int64_t samples_;
    int64_t channels_;
    int64_t rows_;  // of a sample
    int64_t piece_rows_;
    int64_t pieces_;  // of a sample
    int threads_;
    Buffer x_;
    const float* weight_;
    const float* bias_;
    Buffer y_;
    std::vector<float> means_;    // [samples, pieces, channels]
    std::vector<float> squares_;  // [samples, pieces, channels]
    std::vector<float> scales_;   // [samples, channels]
    std::vector<float> shifts_;
};

}  // namespace

std::unique_ptr<Kernel> make_channel_norm(const GroupNorm& op, const KernelContext& context) {
    return std::make_unique<ChannelNormKernel>(op, context);
}

}  // namespace msst::backend::cpu
