#include "dsp/pitch.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "dsp/tones.h"

namespace msst::dsp {
namespace {

constexpr PitchSearch kSearch{
    .from_hz = 110, .to_hz = 980, .harmonics_to_hz = 5000, .harmonics = 6, .decay = 0.75f, .loyalty = 0.5f};

double pitch_of(const std::vector<float>& magnitude) {
    return PitchFinder(kSearch, kTestBinHz).find(magnitude);
}

TEST(Pitch, IsTheFundamentalOfATone) {
    for (const double hz : {130.0, 220.0, 441.0, 700.0, 950.0}) {
        std::vector<float> magnitude(kBins);
        add_tone(magnitude, hz, 8, 0.7f);
        EXPECT_NEAR(pitch_of(magnitude), hz, 0.02 * hz);
    }
}

TEST(Pitch, IsTheFundamentalEvenWhereItIsTheWeakest) {
    std::vector<float> magnitude(kBins);
    add_tone(magnitude, 300, 6, 1);
    add_tone(magnitude, 300, 1, 1, -0.8f);
    EXPECT_NEAR(pitch_of(magnitude), 300, 6);
}

TEST(Pitch, OfSilenceIsZero) {
    EXPECT_EQ(pitch_of(std::vector<float>(kBins)), 0);
}

TEST(Pitch, StaysWithTheToneItFollowedUntilAnotherIsMuchLouder) {
    PitchFinder finder(kSearch, kTestBinHz);
    std::vector<float> magnitude(kBins);
    add_tone(magnitude, 300, 6, 0.7f);
    finder.find(magnitude);

    add_tone(magnitude, 470, 6, 0.7f, 1.2f);
    EXPECT_NEAR(finder.find(magnitude), 300, 6);
    EXPECT_NEAR(pitch_of(magnitude), 470, 9) << "without a past it takes the louder one";

    add_tone(magnitude, 470, 6, 0.7f, 10);
    EXPECT_NEAR(finder.find(magnitude), 470, 9);
}

TEST(BetweenBins, GoesStraightFromOneToTheNextAndEndsWithTheRow) {
    const std::vector<float> row = {0, 2, 6};
    EXPECT_FLOAT_EQ(between_bins(row, 0.5), 1);
    EXPECT_FLOAT_EQ(between_bins(row, 1.25), 3);
    EXPECT_EQ(between_bins(row, 2), 0);
    EXPECT_EQ(between_bins(row, 1e9), 0);
}

TEST(RaiseTooth, IsABellThatLowersNothingAndStaysWithinTheRow) {
    std::vector<float> comb(20);
    comb[8] = 0.9f;
    raise_tooth(comb, 10, 1, 0.5f);
    raise_tooth(comb, 0.2, 1, 0.5f);
    raise_tooth(comb, 21, 1, 0.5f);
    EXPECT_FLOAT_EQ(comb[10], 0.5f);
    EXPECT_FLOAT_EQ(comb[11], comb[9]);
    EXPECT_FLOAT_EQ(comb[8], 0.9f);
    EXPECT_GT(comb[0], 0.4f);
    EXPECT_GT(comb[19], 0.05f);
    EXPECT_EQ(comb[5], 0);
}

}  // namespace
}  // namespace msst::dsp
