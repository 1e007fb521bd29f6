#pragma once

#include "graph/shape.h"
#include "graph/stft_frame.h"

namespace msst::graph {

// torch.istft(center=True, length=length): the inverse of Stft, divided by the sum of the squared windows.
//
//   input  [frames, bins, channels, 2]
//   y      [channels, length]; samples behind the last frame are zero
struct Istft {
    static constexpr const char* kName = "istft";
    static constexpr int kReusedInput = -1;

    StftFrame frame;
    int64_t length = 0;
    bool zero_dc = false;  // bin 0 counts as zero

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
