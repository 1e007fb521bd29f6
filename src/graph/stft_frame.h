#pragma once

#include <cstdint>

namespace msst::graph {

enum class Window { hann, rectangular };  // hann is periodic: 0.5 - 0.5 cos(2 pi n / N)

// How one frame of a short-time Fourier transform is cut, as torch.stft names it.
struct StftFrame {
    int64_t n_fft = 2048;
    int64_t hop = 512;
    int64_t window_length = 2048;  // shorter than n_fft: zeros on both sides, the odd one on the right
    Window window = Window::hann;
    bool normalized = false;  // spectra times 1 / sqrt(n_fft)

    int64_t bins() const { return n_fft / 2 + 1; }
};

}  // namespace msst::graph
