#include "dsp/stereo_centre.h"

#include <gtest/gtest.h>

namespace msst::dsp {
namespace {

float centre_of(std::complex<float> left, std::complex<float> right) {
    std::vector<float> centre(kBins);
    find_centre(Spectrum(kBins, left), Spectrum(kBins, right), centre);
    return centre[kBins / 2];
}

TEST(StereoCentre, IsOneForEqualChannels) {
    EXPECT_FLOAT_EQ(centre_of({3, 4}, {3, 4}), 1);
}

TEST(StereoCentre, IsNothingForOneChannelOppositeOnesAndAQuarterTurnBetweenThem) {
    EXPECT_EQ(centre_of({3, 4}, {0, 0}), 0);
    EXPECT_EQ(centre_of({3, 4}, {-3, -4}), 0);
    EXPECT_EQ(centre_of({3, 4}, {-4, 3}), 0);
}

TEST(StereoCentre, FallsFasterThanTheSimilarity) {
    EXPECT_FLOAT_EQ(centre_of({2, 0}, {1, 0}), 0.8f * 0.8f * 0.8f);
}

TEST(StereoCentre, IsNothingInSilence) {
    EXPECT_EQ(centre_of({0, 0}, {0, 0}), 0);
}

}  // namespace
}  // namespace msst::dsp
