#include "dsp/bass_model.h"

#include <gtest/gtest.h>

#include "dsp/tones.h"

namespace msst::dsp {
namespace {

std::vector<float> teeth_of(const std::vector<float>& harmonic) {
    std::vector<float> teeth(kBins);
    BassModel(kTestRate).find_teeth(harmonic, teeth);
    return teeth;
}

TEST(BassModel, TakesTheHarmonicsOfALowToneAndNotWhatLiesBetween) {
    std::vector<float> harmonic(kBins);
    add_tone(harmonic, 80, 8, 0.55f);
    const auto teeth = teeth_of(harmonic);
    for (const double hz : {80, 160, 240, 400}) EXPECT_GT(teeth[bin_of(hz)], 0.6f) << hz;
    for (const double hz : {40, 120, 200}) EXPECT_LT(teeth[bin_of(hz)], 0.15f) << hz;
}

TEST(BassModel, LeavesToOthersWhatIsTooLoudForAnOvertone) {
    std::vector<float> harmonic(kBins);
    add_tone(harmonic, 80, 8, 0.55f);
    add_tone(harmonic, 400, 1, 1);  // a chord's note on the fifth harmonic
    EXPECT_LT(teeth_of(harmonic)[bin_of(400)], 0.25f);
}

TEST(BassModel, TakesNothingHigh) {
    std::vector<float> harmonic(kBins);
    add_tone(harmonic, 80, 60, 1);
    const auto teeth = teeth_of(harmonic);
    for (int bin = bin_of(1300); bin < kBins; ++bin) ASSERT_EQ(teeth[bin], 0);
}

TEST(BassModel, IsALowBandWithoutAPitch) {
    const auto teeth = teeth_of(std::vector<float>(kBins));
    EXPECT_GT(teeth[bin_of(60)], 0.99f);
    EXPECT_LT(teeth[bin_of(500)], 0.01f);
}

}  // namespace
}  // namespace msst::dsp
