#include <cmath>

#include "backend/reference/kernels.h"
#include "backend/reference/stft_window.h"

namespace msst::backend::reference {
namespace {

// Samples n and n_fft - n of the inverse real transform, times n_fft: cosines are the same for both, sines of
// opposite sign. The imaginary parts of DC and Nyquist do not count.
struct SamplePair {
    double first;
    double mirrored;
};
SamplePair inverse_samples(const graph::Istft& op, const float* spectrum, int64_t stride, const Turns& turn,
                           int64_t n) {
    const int64_t n_fft = op.frame.n_fft;
    double even = op.zero_dc ? 0.0 : spectrum[0];
    even += spectrum[n_fft / 2 * stride] * (n % 2 == 0 ? 1.0 : -1.0);
    double odd = 0;
    int64_t angle = n;  // of `bin`, in n_fft-ths of a turn
    for (int64_t bin = 1; bin < n_fft / 2; ++bin, angle = next_angle(angle, n, n_fft)) {
        const float* value = spectrum + bin * stride;
        even += 2.0 * value[0] * turn.cosine[angle];
        odd += 2.0 * value[1] * turn.sine[angle];
    }
    return {even - odd, even + odd};
}

}  // namespace

void run(const graph::Istft& op, const Operands& io) {
    const int64_t n_fft = op.frame.n_fft;
    const int64_t frames = io.shapes[0][0];
    const int64_t channels = io.shapes[0][2];
    const std::vector<double> window = stft_window(op.frame);
    const Turns turn = turns(n_fft);
    const int64_t padded = n_fft + op.frame.hop * (frames - 1);
    const double scale =
        (op.frame.normalized ? std::sqrt(static_cast<double>(n_fft)) : 1.0) / static_cast<double>(n_fft);
    for (int64_t c = 0; c < channels; ++c) {
        std::vector<double> sum(padded, 0.0);
        std::vector<double> weight(padded, 0.0);
        for (int64_t t = 0; t < frames; ++t) {
            const float* spectrum = io.inputs[0] + (t * op.frame.bins() * channels + c) * 2;
            const auto add = [&](int64_t n, double sample) {
                sum[t * op.frame.hop + n] += scale * sample * window[n];
                weight[t * op.frame.hop + n] += window[n] * window[n];
            };
            for (int64_t n = 0; n <= n_fft / 2; ++n) {
                const SamplePair pair = inverse_samples(op, spectrum, 2 * channels, turn, n);
                add(n, pair.first);
                if (n > 0 && n < n_fft / 2) add(n_fft - n, pair.mirrored);
            }
        }
        for (int64_t i = 0; i < op.length; ++i) {
            const int64_t at = i + n_fft / 2;
            const bool is_covered = at < padded && weight[at] > 1e-11;
            io.output[c * op.length + i] = is_covered ? static_cast<float>(sum[at] / weight[at]) : 0.0f;
        }
    }
}

}  // namespace msst::backend::reference
