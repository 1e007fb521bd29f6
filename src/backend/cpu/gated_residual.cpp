// Two passes: the statistics of every piece of a sample, then all the rest. Samples that are many (the bins
// of a spectrogram) are done one by one, each by one thread and out of its cache; of fewer, larger ones all
// threads take pieces.
#include <algorithm>
#include <cmath>

#include "backend/cpu/channel_rows.h"
#include "backend/cpu/gated_rows.h"
#include "backend/cpu/kernel.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

using Op = graph::GatedResidual;

class GatedResidualKernel final : public Kernel {
public:
    GatedResidualKernel(const Op& op, const KernelContext& c)
        : epsilon_(op.epsilon),
          samples_(c.output_shape()[0]),
          channels_(c.output_shape().back()),
          half_(padded(channels_)),
          in_(c.shape(Op::kHidden).back()),
          rows_(graph::elements(c.output_shape()) / (samples_ * channels_)),
          pieces_((rows_ + kPieceRows - 1) / kPieceRows),
          threads_(c.threads),
          x_(c.inputs[Op::kX]),
          hidden_(c.floats(Op::kHidden)),
          weights_(c.floats(Op::kWeight), channels_, in_),
          bias_(c.floats(Op::kBias)),
          gain_(c.floats(Op::kGain)),
          shift_(c.floats(Op::kShift)),
          y_(c.output),
          means_(samples_ * pieces_ * 2 * half_),
          squares_(means_.size()),
          scales_(samples_ * 2 * half_),
          shifts_(scales_.size()) {}

    void run(const std::stop_token& stop) override {
        if (samples_ / 2 >= threads_) {
#pragma omp parallel for num_threads(threads_)
            for (int64_t sample = 0; sample < samples_; ++sample) {
                if (stop.stop_requested()) continue;
                for (int64_t piece = 0; piece < pieces_; ++piece) measure(sample, piece);
                prepare(sample);
                for (int64_t piece = 0; piece < pieces_; ++piece) finish(sample, piece);
            }
            return;
        }
        const int64_t jobs = samples_ * pieces_;
#pragma omp parallel num_threads(threads_)
        {
#pragma omp for
            for (int64_t job = 0; job < jobs; ++job)
                if (!stop.stop_requested()) measure(job / pieces_, job % pieces_);
#pragma omp for
            for (int64_t sample = 0; sample < samples_; ++sample) prepare(sample);
#pragma omp for
            for (int64_t job = 0; job < jobs; ++job)
                if (!stop.stop_requested()) finish(job / pieces_, job % pieces_);
        }
    }

private:
    static constexpr int64_t kPieceRows = 480;

    int64_t count_of(int64_t piece) const {
        return std::min(kPieceRows, rows_ - piece * kPieceRows);
    }
    int64_t row_of(int64_t sample, int64_t piece) const {
        return sample * rows_ + piece * kPieceRows;
    }
    int64_t place_of(int64_t sample, int64_t piece) const {
        return (sample * pieces_ + piece) * 2 * half_;
    }

    void measure(int64_t sample, int64_t piece) {
        const int64_t at = place_of(sample, piece);
        gated_spreads(hidden_ + row_of(sample, piece) * in_, count_of(piece), weights_, means_.data() + at,
                      squares_.data() + at);
    }

    // The bias takes no part in the products; it is added to their means here.
    Spread spread_of_sample(int64_t sample) const {
        Spread whole;
        for (int64_t piece = 0; piece < pieces_; ++piece) {
            const auto count = static_cast<double>(count_of(piece));
            for (int64_t c = 0; c < 2 * channels_; ++c) {
                const int64_t at = place_of(sample, piece) + column(c);
                whole.join({count, static_cast<double>(means_[at]) + bias_[c], squares_[at]});
            }
        }
        return whole;
    }

    // Where a number of channel c of z stands, 0 … 2 channels - 1.
    int64_t column(int64_t c) const {
        return c < channels_ ? c : half_ + c - channels_;
    }

    void prepare(int64_t sample) {
        const Spread whole = spread_of_sample(sample);
        const double scale = 1.0 / std::sqrt(whole.squares / whole.count + epsilon_);
        for (int64_t c = 0; c < 2 * channels_; ++c) {
            const double gain = scale * gain_[c];
            const int64_t at = sample * 2 * half_ + column(c);
            scales_[at] = static_cast<float>(gain);
            shifts_[at] = static_cast<float>(shift_[c] + (bias_[c] - whole.mean) * gain);
        }
    }

    void finish(int64_t sample, int64_t piece) const {
        const int64_t row = row_of(sample, piece);
        const int64_t at = sample * 2 * half_;
        gated_rows(x_.at(row * channels_), hidden_ + row * in_, count_of(piece), weights_,
                   scales_.data() + at, shifts_.data() + at, y_.at(row * channels_));
    }

    float epsilon_;
    int64_t samples_;
    int64_t channels_;
    int64_t half_;  // channels, padded
    int64_t in_;
    int64_t rows_;    // of a sample
    int64_t pieces_;  // of a sample
    int threads_;
    Buffer x_;
    const float* hidden_;
    GatedWeights weights_;
    const float* bias_;
    const float* gain_;
    const float* shift_;
    Buffer y_;
    std::vector<float> means_;    // [samples, pieces, 2 half]
    std::vector<float> squares_;  // [samples, pieces, 2 half]
    std::vector<float> scales_;   // [samples, 2 half]
    std::vector<float> shifts_;
};

}  // namespace

std::unique_ptr<Kernel> make(const Op& op, const KernelContext& context) {
    return std::make_unique<GatedResidualKernel>(op, context);
}

}  // namespace msst::backend::cpu
