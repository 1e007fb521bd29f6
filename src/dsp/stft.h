#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace msst::dsp {

// The short-time Fourier transform of a stream: periodic Hann windows of
// kWindow frames, kHop apart, and back by overlap-add. With the window applied
// on both sides the overlapping squares add up to a constant, so that what is
// not changed in between comes back as it was.
inline constexpr int kWindow = 4096;
inline constexpr int kHop = 1024;
inline constexpr int kBins = kWindow / 2 + 1;

using Spectrum = std::vector<std::complex<float>>;  // [kBins]

// Forward and inverse real transforms (libavutil's av_tx). One per thread.
class Fourier {
public:
    Fourier();
    ~Fourier();
    Fourier(const Fourier&) = delete;
    Fourier& operator=(const Fourier&) = delete;

    // The spectrum of one windowed stretch, [kWindow] samples.
    void forward(std::span<const float> samples, Spectrum& spectrum);

    // Adds the windowed inverse transform to `sum`, [kWindow]; scaled so that forward and inverse of every
    // frame give the signal back.
    void add_inverse(const Spectrum& spectrum, std::span<float> sum);

private:
    struct Plans;
    std::unique_ptr<Plans> plans_;
    std::vector<float> window_;  // [kWindow]
};

}  // namespace msst::dsp
