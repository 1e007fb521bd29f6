#include <cmath>

#include "backend/reference/kernels.h"
#include "backend/reference/stft_window.h"

namespace msst::backend::reference {
namespace {

// The sample an index beyond the ends stands for: mirrored about the first and the last, which are not
// repeated.
int64_t mirrored(int64_t index, int64_t length) {
    if (index < 0) return -index;
    return index < length ? index : 2 * (length - 1) - index;
}

}  // namespace

void run(const graph::Stft& op, const Operands& io) {
    const int64_t n_fft = op.frame.n_fft;
    const int64_t channels = io.shapes[0][0];
    const int64_t length = io.shapes[0][1];
    const std::vector<double> window = stft_window(op.frame);
    const Turns turn = turns(n_fft);
    const double scale = op.frame.normalized ? 1.0 / std::sqrt(static_cast<double>(n_fft)) : 1.0;
    std::vector<double> samples(n_fft);
    for (int64_t t = 0; t < io.output_shape[0]; ++t)
        for (int64_t c = 0; c < channels; ++c) {
            for (int64_t n = 0; n < n_fft; ++n)
                samples[n] =
                    window[n] * io.inputs[0][c * length + mirrored(t * op.frame.hop + n - n_fft / 2, length)];
            for (int64_t bin = 0; bin < op.frame.bins(); ++bin) {
                double re = 0;
                double im = 0;
                int64_t angle = 0;  // of sample n, in n_fft-ths of a turn
                for (int64_t n = 0; n < n_fft; ++n, angle = next_angle(angle, bin, n_fft)) {
                    re += samples[n] * turn.cosine[angle];
                    im -= samples[n] * turn.sine[angle];
                }
                float* y = io.output + ((t * op.frame.bins() + bin) * channels + c) * 2;
                y[0] = static_cast<float>(re * scale);
                y[1] = static_cast<float>(im * scale);
            }
        }
}

}  // namespace msst::backend::reference
