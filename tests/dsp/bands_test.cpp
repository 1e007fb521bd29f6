#include "dsp/bands.h"

#include <gtest/gtest.h>

#include "dsp/stft.h"

namespace msst::dsp {
namespace {

constexpr double kRate = 4096;  // a bin is one hertz

TEST(Bands, AreHalfAtTheCornerAndFallOnOneSide) {
    const auto low = low_pass_band(kRate, 200, 8);
    ASSERT_EQ(std::ssize(low), kBins);
    EXPECT_FLOAT_EQ(low[0], 1);
    EXPECT_FLOAT_EQ(low[200], 0.5f);
    EXPECT_GT(low[100], 0.99f);
    EXPECT_LT(low[400], 0.01f);
}

TEST(Bands, OfBothKindsAddUpToOne) {
    const auto low = low_pass_band(kRate, 320, 6), high = high_pass_band(kRate, 320, 6);
    for (int bin = 0; bin < kBins; ++bin) ASSERT_FLOAT_EQ(low[bin] + high[bin], 1);
}

}  // namespace
}  // namespace msst::dsp
