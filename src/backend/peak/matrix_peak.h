#pragma once

#include <optional>

// How fast this processor multiplies matrices when nothing else is to be done: what a network's speed is held
// against, measured in the same process and at the same time.

namespace msst::backend {

// Floating point operations per second, a multiply-add counted as two; the best of several large products.
struct MatrixPeak {
    double float32 = 0;
    std::optional<double> bfloat16;  // none: oneDNN has no such product for this processor
};

// threads: 0: every core. Takes a second or two. Throws Error(unavailable) if oneDNN fails.
MatrixPeak measure_matrix_peak(int threads);

}  // namespace msst::backend
