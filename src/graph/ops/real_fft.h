#pragma once

#include "graph/shape.h"

namespace msst::graph {

// torch.fft.rfft along any axis but the last, which holds channels: X[k] = sum x[t] exp(-2 pi i k t / n). Any
// n, odd ones and primes too.
//
//   input  [..., n, ..., c]
//   y      [..., n / 2 + 1, ..., 2 c]: the real parts of all channels, then the imaginary ones
struct RealFft {
    static constexpr const char* kName = "real_fft";
    static constexpr int kReusedInput = -1;

    int axis = 0;
    bool orthonormal = false;  // times 1 / sqrt(n)

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
