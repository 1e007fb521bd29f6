#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graph/stft_frame.h"

namespace msst::backend::cpu {

// A real Fourier transform of one size by libavutil, with its own memory: one for each thread.
class RealTransform {
public:
    enum class Direction { forward, inverse };

    // Throws Error(invalid_input) for sizes the library cannot do.
    RealTransform(int64_t size, Direction direction);
    ~RealTransform();
    RealTransform(RealTransform&&) noexcept;

    float* samples();   // [size]
    float* spectrum();  // [size / 2 + 1, (re, im)]

    // forward: samples -> spectrum. inverse: spectrum -> samples times size. The input is overwritten.
    void run();

    // What the inverse multiplies samples by.
    static double inverse_gain(int64_t size) { return static_cast<double>(size); }

private:
    struct State;
    std::unique_ptr<State> state_;
};

// [n_fft]: the window in the middle, zeros around it.
std::vector<float> padded_window(const graph::StftFrame& frame);

}  // namespace msst::backend::cpu
