#include <cmath>

#include <omp.h>

#include "backend/cpu/fourier.h"
#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {
namespace {

class StftKernel final : public Kernel {
public:
    StftKernel(const graph::Stft& op, const KernelContext& c)
        : frame_(op.frame),
          frames_(c.output_shape()[0]),
          channels_(c.shape(0)[0]),
          length_(c.shape(0)[1]),
          threads_(c.threads),
          x_(c.floats(0)),
          y_(c.output.floats()),
          window_(padded_window(op.frame)) {
        const float scale = op.frame.normalized ? 1.0f / std::sqrt(static_cast<float>(op.frame.n_fft)) : 1.0f;
        for (float& weight : window_) weight *= scale;
        for (int t = 0; t < threads_; ++t)
            transforms_.emplace_back(frame_.n_fft, RealTransform::Direction::forward);
    }

    void run(const std::stop_token&) override {
#pragma omp parallel for num_threads(threads_)
        for (int64_t job = 0; job < frames_ * channels_; ++job)
            transform(transforms_[omp_get_thread_num()], job / channels_, job % channels_);
    }

private:
    void transform(RealTransform& fourier, int64_t t, int64_t c) {
        float* samples = fourier.samples();
        const float* channel = x_ + c * length_;
        const int64_t start = t * frame_.hop - frame_.n_fft / 2;
        for (int64_t n = 0; n < frame_.n_fft; ++n) samples[n] = window_[n] * channel[mirrored(start + n)];
        fourier.run();
        float* y = y_ + (t * frame_.bins() * channels_ + c) * 2;
        for (int64_t bin = 0; bin < frame_.bins(); ++bin) {
            y[bin * channels_ * 2] = fourier.spectrum()[2 * bin];
            y[bin * channels_ * 2 + 1] = fourier.spectrum()[2 * bin + 1];
        }
    }

    // Beyond the ends the song is mirrored about its first and last sample, which are not repeated.
    int64_t mirrored(int64_t index) const {
        if (index < 0) return -index;
        return index < length_ ? index : 2 * (length_ - 1) - index;
    }

    graph::StftFrame frame_;
    int64_t frames_;
    int64_t channels_;
    int64_t length_;
    int threads_;
    const float* x_;
    float* y_;
    std::vector<float> window_;
    std::vector<RealTransform> transforms_;
};

}  // namespace

std::unique_ptr<Kernel> make(const graph::Stft& op, const KernelContext& context) {
    return std::make_unique<StftKernel>(op, context);
}

}  // namespace msst::backend::cpu
