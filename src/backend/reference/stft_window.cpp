#include "backend/reference/stft_window.h"

#include <cmath>

namespace msst::backend::reference {

std::vector<double> stft_window(const graph::StftFrame& frame) {
    std::vector<double> window(frame.n_fft, 0.0);
    const int64_t left = (frame.n_fft - frame.window_length) / 2;
    for (int64_t i = 0; i < frame.window_length; ++i) {
        const double turn = 2.0 * M_PI * static_cast<double>(i) / static_cast<double>(frame.window_length);
        window[left + i] = frame.window == graph::Window::hann ? 0.5 - 0.5 * std::cos(turn) : 1.0;
    }
    return window;
}

Turns turns(int64_t n_fft) {
    Turns table;
    for (int64_t i = 0; i < n_fft; ++i) {
        const double angle = 2.0 * M_PI * static_cast<double>(i) / static_cast<double>(n_fft);
        table.cosine.push_back(std::cos(angle));
        table.sine.push_back(std::sin(angle));
    }
    return table;
}

}  // namespace msst::backend::reference
