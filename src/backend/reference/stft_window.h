#pragma once

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

}  // namespace msst::backend::reference
