#include <algorithm>
#include <cmath>

#include <omp.h>

#include "backend/cpu/fourier.h"
#include "backend/cpu/kernel.h"
#include "backend/cpu/vector_kernels.h"

namespace msst::backend::cpu {
namespace {

// First every frame by itself, then stretches of samples from the frames that cover them: no two threads
// write one place.
class IstftKernel final : public Kernel {
public:
    IstftKernel(const graph::Istft& op, const KernelContext& c)
        : op_(op),
          frames_(c.shape(0)[0]),
          channels_(c.shape(0)[2]),
          threads_(c.threads),
          x_(c.floats(0)),
          y_(c.output.floats()),
          pieces_(reinterpret_cast<float*>(c.scratch)),
          window_(padded_window(op.frame)),
          gains_(gains(op, frames_, window_)) {
        const int64_t n_fft = op.frame.n_fft;
        const double scale = (op.frame.normalized ? std::sqrt(static_cast<double>(n_fft)) : 1.0) /
                             RealTransform::inverse_gain(n_fft);
        for (float& weight : window_) weight = static_cast<float>(weight * scale);
        for (int t = 0; t < threads_; ++t) transforms_.emplace_back(n_fft, RealTransform::Direction::inverse);
    }

    void run(const std::stop_token&) override {
        const int64_t stretches = (op_.length + kStretch - 1) / kStretch;
#pragma omp parallel num_threads(threads_)
        {
#pragma omp for
            for (int64_t job = 0; job < frames_ * channels_; ++job)
                transform(transforms_[omp_get_thread_num()], job / channels_, job % channels_);
#pragma omp for
            for (int64_t job = 0; job < channels_ * stretches; ++job)
                overlap_add(job / stretches, job % stretches * kStretch);
        }
    }

private:
    static constexpr int64_t kStretch = 2048;  // samples

    static Buffer buffer(float* numbers) {
        return {reinterpret_cast<std::byte*>(numbers)};
    }

    // Per sample, 1 / the sum of the squared windows over it; 0 where no frame reaches.
    static std::vector<float> gains(const graph::Istft& op, int64_t frames,
                                    const std::vector<float>& window) {
        std::vector<double> sums(op.length, 0.0);
        for (int64_t t = 0; t < frames; ++t)
            for (int64_t n = 0; n < op.frame.n_fft; ++n) {
                const int64_t at = t * op.frame.hop + n - op.frame.n_fft / 2;
                if (at >= 0 && at < op.length) sums[at] += static_cast<double>(window[n]) * window[n];
            }
        std::vector<float> result;
        result.reserve(sums.size());
        for (const double sum : sums) result.push_back(sum > 1e-11 ? static_cast<float>(1.0 / sum) : 0.0f);
        return result;
    }

    void transform(RealTransform& fourier, int64_t t, int64_t c) {
        const int64_t n_fft = op_.frame.n_fft;
        const float* x = x_ + (t * op_.frame.bins() * channels_ + c) * 2;
        float* spectrum = fourier.spectrum();
        for (int64_t bin = 0; bin < op_.frame.bins(); ++bin) {
            spectrum[2 * bin] = x[bin * channels_ * 2];
            spectrum[2 * bin + 1] = x[bin * channels_ * 2 + 1];
        }
        if (op_.zero_dc) spectrum[0] = 0;
        spectrum[1] = spectrum[n_fft + 1] = 0;  // DC and Nyquist have no imaginary part
        fourier.run();
        multiply_row(buffer(window_.data()), buffer(fourier.samples()), n_fft,
                     buffer(pieces_ + (c * frames_ + t) * n_fft));
    }

    // A stretch of samples of a channel, from sample `first` on.
    void overlap_add(int64_t c, int64_t first) {
        const int64_t n_fft = op_.frame.n_fft;
        const int64_t hop = op_.frame.hop;
        const int64_t count = std::min(kStretch, op_.length - first);
        float* y = y_ + c * op_.length + first;
        std::fill_n(y, count, 0.0f);
        // In the padded signal, where frame t covers t * hop … t * hop + n_fft - 1.
        const int64_t begin = first + n_fft / 2;
        const int64_t end = begin + count;
        for (int64_t t = begin < n_fft ? 0 : (begin - n_fft) / hop + 1; t < frames_ && t * hop < end; ++t) {
            const int64_t from = std::max(begin, t * hop);
            const int64_t to = std::min(end, t * hop + n_fft);
            float* at = y + from - begin;
            add_row(buffer(at), buffer(pieces_ + (c * frames_ + t) * n_fft + from - t * hop), to - from,
                    buffer(at));
        }
        multiply_row(buffer(y), buffer(gains_.data() + first), count, buffer(y));
    }

    graph::Istft op_;
    int64_t frames_;
    int64_t channels_;
    int threads_;
    const float* x_;
    float* y_;
    float* pieces_;  // [channels, frames, n_fft]
    std::vector<float> window_;
    std::vector<float> gains_;
    std::vector<RealTransform> transforms_;
};

}  // namespace

std::unique_ptr<Kernel> make(const graph::Istft& op, const KernelContext& context) {
    return std::make_unique<IstftKernel>(op, context);
}

}  // namespace msst::backend::cpu
