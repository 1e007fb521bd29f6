#include "dsp/stft.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace msst::dsp {
namespace {

TEST(Fourier, ThereAndBackIsTheSignal) {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> sample(-1, 1);
    std::vector<float> signal(5 * kWindow), sum(signal.size());
    for (float& x : signal) x = sample(random);
    Fourier fourier;
    Spectrum spectrum;
    for (size_t begin = 0; begin + kWindow <= signal.size(); begin += kHop) {
        fourier.forward(std::span(signal).subspan(begin, kWindow), spectrum);
        fourier.add_inverse(spectrum, std::span(sum).subspan(begin, kWindow));
    }
    for (size_t i = kWindow; i < signal.size() - kWindow; ++i) ASSERT_NEAR(sum[i], signal[i], 1e-5);
}

TEST(Fourier, OfASineIsOnePeak) {
    std::vector<float> sine(kWindow);
    for (int i = 0; i < kWindow; ++i) sine[i] = static_cast<float>(std::cos(2 * M_PI * 100 * i / kWindow));
    Spectrum spectrum;
    Fourier().forward(sine, spectrum);
    ASSERT_EQ(std::ssize(spectrum), kBins);
    EXPECT_NEAR(std::abs(spectrum[100]), kWindow / 4.0, 0.5);
    EXPECT_LT(std::abs(spectrum[103]), 0.05);
}

}  // namespace
}  // namespace msst::dsp
