#pragma once

#include "graph/shape.h"
#include "graph/stft_frame.h"

namespace msst::graph {

// torch.stft(center=True, pad_mode="reflect", onesided=True).
//
//   input  [channels, length], length > n_fft / 2
//   y      [frames, bins, channels, 2]: frames = 1 + length / hop, bins = n_fft / 2 + 1, last axis (re, im)
struct Stft {
    static constexpr const char* kName = "stft";
    static constexpr int kReusedInput = -1;

    StftFrame frame;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
