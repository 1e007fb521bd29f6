#pragma once

#include <optional>

// How fast this processor multiplies matrices when nothing else is to be done: what a network's speed is held
// against, measured in the same process and at the same time.

namespace msst::backend {

// Floating point operations per second, a multiply-add counted as two; the best of several large products.
struct MatrixPeak {
    struct Speed {
        double wall = 0;
        double processor = 0;  // by processor time: what it would be if nobody else wanted the cores
    };
    Speed float32;
    std::optional<Speed> bfloat16;  // none: oneDNN has no such product for this processor
    int threads = 1;                // that it was measured with

    // The better of two measurements, each speed by itself.
    void take_better(const MatrixPeak& other);
};

// Processor time of all threads of this process so far, in seconds.
double processor_seconds();

// threads: 0: every core; fewer where OpenMP is not allowed as many. Takes a second or two. Throws
// Error(unavailable) if oneDNN fails.
MatrixPeak measure_matrix_peak(int threads);

}  // namespace msst::backend
