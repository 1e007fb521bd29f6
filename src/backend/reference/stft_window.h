#pragma once

#include <cstdint>
#include <vector>

#include "graph/stft_frame.h"

namespace msst::backend::reference {

// [n_fft]: the window in the middle, zeros around it.
std::vector<double> stft_window(const graph::StftFrame& frame);

// cos and sin of 2 pi i / n_fft, [n_fft] each.
struct Turns {
    std::vector<double> cosine;
    std::vector<double> sine;
};
Turns turns(int64_t n_fft);

// The place in the table one step on; cheaper than a division for every sample. `step` is below n_fft.
inline int64_t next_angle(int64_t angle, int64_t step, int64_t n_fft) {
    angle += step;
    return angle < n_fft ? angle : angle - n_fft;
}

}  // namespace msst::backend::reference
