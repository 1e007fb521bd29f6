#pragma once

#include <span>
#include <vector>

#include "dsp/masks.h"
#include "dsp/pitch.h"

namespace msst::dsp {

// The leading voice as one pitch with harmonics among what the masks gave to vocals. Follows one song.
class VoiceModel {
public:
    explicit VoiceModel(double sample_rate);

    // Moves shares between vocals and other (their sum stays): to vocals at the harmonics of the leading
    // pitch, to other between them; the more, the more of the vocals' power the harmonics explain.
    // magnitude: [kBins], of the mixture.
    void sharpen(std::span<const float> magnitude, Masks& masks);

private:
    // How much more of vocals_' power lies on comb_ than noise would have there: 0 no more, 1 all.
    float comb_explains() const;

    double bin_hz_;
    PitchFinder pitch_;
    std::vector<float> vocals_, comb_;  // [kBins]
};

}  // namespace msst::dsp
