#pragma once

#include <memory>
#include <optional>

// How fast this processor multiplies matrices when nothing else is to be done: what a network's speed is held
// against, measured in the same process and at the same time.

namespace msst::backend {

// Floating point operations per second, a multiply-add counted as two.
struct MatrixSpeeds {
    struct Speed {
        double wall = 0;
        double processor = 0;  // by processor time: what it would be if nobody else wanted the cores
    };
    Speed float32;
    std::optional<Speed> bfloat16;  // none: oneDNN has no such product for this processor
};

// Runs large products of packed weights by oneDNN. It keeps the memory of one for each precision.
class MatrixGauge {
public:
    // threads: 0: every core; fewer where OpenMP is not allowed as many. Throws Error(unavailable) if oneDNN
    // fails, here and below.
    explicit MatrixGauge(int threads);
    ~MatrixGauge();

    // The threads it measures with.
    int threads() const;

    // Several products in a row, after one that warms up. Takes a second or two on an old core.
    void measure_peak();

    // One product, while something else is measured: a shared machine's speed changes within seconds. Does
    // nothing within a parallel region, where a product would not get its threads.
    void take_sample();

    // The best product of all so far, each speed by itself. At least one was measured.
    MatrixSpeeds peak() const;

    // Of all samples together: their work by their time. The peak where there was none.
    MatrixSpeeds usual() const;

private:
    struct Products;
    std::unique_ptr<Products> products_;
};

}  // namespace msst::backend
