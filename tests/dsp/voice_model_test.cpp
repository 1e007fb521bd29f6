#include "dsp/voice_model.h"

#include <gtest/gtest.h>

#include "dsp/tones.h"

namespace msst::dsp {
namespace {

Masks even_masks() {
    Masks masks;
    for (auto& mask : masks) mask.assign(kBins, 0.25f);
    return masks;
}

TEST(VoiceModel, GivesTheLeadingPitchToVocalsAndWhatLiesBetweenToOther) {
    std::vector<float> magnitude(kBins);
    add_tone(magnitude, 330, 8, 0.7f);
    Masks masks = even_masks();
    VoiceModel(kTestRate).sharpen(magnitude, masks);
    for (const double hz : {330, 660, 1320}) EXPECT_GT(masks[kVocals][bin_of(hz)], 0.4f) << hz;
    for (const double hz : {495, 825}) EXPECT_LT(masks[kVocals][bin_of(hz)], 0.1f) << hz;
}

TEST(VoiceModel, TakesNothingFromDrumsAndBassAndLosesNothing) {
    std::vector<float> magnitude(kBins);
    add_tone(magnitude, 330, 8, 0.7f);
    Masks masks = even_masks();
    VoiceModel(kTestRate).sharpen(magnitude, masks);
    for (int bin = 0; bin < kBins; ++bin) {
        ASSERT_EQ(masks[kDrums][bin], 0.25f);
        ASSERT_EQ(masks[kBass][bin], 0.25f);
        ASSERT_NEAR(masks[kVocals][bin] + masks[kOther][bin], 0.5f, 1e-6f);
    }
}

TEST(VoiceModel, ChangesLittleWhereNoPitchExplainsThePower) {
    Masks masks = even_masks();
    VoiceModel(kTestRate).sharpen(std::vector<float>(kBins, 1.0f), masks);
    for (int bin = 0; bin < kBins; ++bin) ASSERT_NEAR(masks[kVocals][bin], 0.25f, 0.12f);
}

TEST(VoiceModel, LeavesSilenceAlone) {
    Masks masks = even_masks();
    VoiceModel(kTestRate).sharpen(std::vector<float>(kBins), masks);
    EXPECT_EQ(masks, even_masks());
}

}  // namespace
}  // namespace msst::dsp
