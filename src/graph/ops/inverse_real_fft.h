#pragma once

#include "graph/shape.h"

namespace msst::graph {

// torch.fft.irfft along any axis but the last: the inverse of RealFft. Imaginary parts of DC and, for an even
// length, of the last bin do not count.
//
//   input  [..., length / 2 + 1, ..., 2 c]: the real parts of all channels, then the imaginary ones
//   y      [..., length, ..., c]
struct InverseRealFft {
    static constexpr const char* kName = "inverse_real_fft";
    static constexpr int kReusedInput = -1;

    int axis = 0;
    int64_t length = 0;
    bool orthonormal = false;  // times 1 / sqrt(length) instead of 1 / length

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
