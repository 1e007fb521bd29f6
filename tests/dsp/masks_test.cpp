#include "dsp/masks.h"

#include <random>

#include <gtest/gtest.h>

#include "dsp/tones.h"

namespace msst::dsp {
namespace {

struct Evidence {
    float magnitude = 1, harmonic = 1, percussive = 0.01f, centre = 0, bass_teeth = 0;
};

// The shares at one frequency of a frame that looks everywhere alike.
std::array<float, kStems> shares(double hz, const Evidence& evidence) {
    const std::vector<float> magnitude(kBins, evidence.magnitude), harmonic(kBins, evidence.harmonic),
        percussive(kBins, evidence.percussive), centre(kBins, evidence.centre),
        teeth(kBins, evidence.bass_teeth);
    Masks masks;
    MaskModel(kTestRate).estimate({magnitude, harmonic, percussive, centre, teeth}, masks);
    const int bin = bin_of(hz);
    return {masks[kVocals][bin], masks[kDrums][bin], masks[kBass][bin], masks[kOther][bin]};
}

TEST(Masks, AddUpToOneWhateverTheEvidence) {
    std::mt19937 random(5);
    std::uniform_real_distribution<float> unit(0, 1), power(-20, 6);
    std::vector<float> magnitude(kBins), harmonic(kBins), percussive(kBins), centre(kBins), teeth(kBins);
    for (int bin = 0; bin < kBins; ++bin) {
        magnitude[bin] = std::pow(10.0f, power(random));
        harmonic[bin] = std::pow(10.0f, power(random));
        percussive[bin] = std::pow(10.0f, power(random));
        centre[bin] = unit(random);
        teeth[bin] = unit(random);
    }
    Masks masks;
    MaskModel(kTestRate).estimate({magnitude, harmonic, percussive, centre, teeth}, masks);
    for (int bin = 0; bin < kBins; ++bin) {
        float sum = 0;
        for (const auto& mask : masks) {
            ASSERT_GE(mask[bin], 0);
            sum += mask[bin];
        }
        ASSERT_NEAR(sum, 1, 1e-5);
    }
}

TEST(Masks, GiveWhatIsSustainedInTheMiddleToVocals) {
    EXPECT_GT(shares(1000, {.centre = 1})[kVocals], 0.95f);
}

TEST(Masks, GiveWhatIsSustainedOnTheSidesToOther) {
    EXPECT_GT(shares(1000, {.centre = 0})[kOther], 0.95f);
}

TEST(Masks, GiveWhatIsStruckToDrums) {
    EXPECT_GT(shares(1000, {.harmonic = 0.01f, .percussive = 1, .centre = 1})[kDrums], 0.95f);
    EXPECT_GT(shares(60, {.harmonic = 0.05f, .centre = 1, .bass_teeth = 1})[kDrums], 0.8f)
        << "a kick drum stands above the median over time";
}

TEST(Masks, GiveTheSustainedHarmonicsOfTheBassToBass) {
    EXPECT_GT(shares(60, {.centre = 1, .bass_teeth = 1})[kBass], 0.95f);
    EXPECT_GT(shares(400, {.centre = 1, .bass_teeth = 1})[kBass], 0.9f);
    EXPECT_LT(shares(400, {.centre = 0, .bass_teeth = 1})[kBass], 0.5f) << "of a chord on both sides";
}

}  // namespace
}  // namespace msst::dsp
