#pragma once

#include <span>
#include <vector>

#include "dsp/pitch.h"

namespace msst::dsp {

// The bass as one sustained low pitch with overtones that fall off evenly. Follows one song.
class BassModel {
public:
    explicit BassModel(double sample_rate);

    // teeth[bin], 0-1: how much of what is sustained there the bass accounts for. High overtones are expected
    // to be a fixed ratio weaker each; what is stronger than that is another instrument's on the same note.
    // Where no pitch stands out, a band below some 200 Hz. harmonic: [kBins], what is sustained.
    void find_teeth(std::span<const float> harmonic, std::span<float> teeth);

private:
    double bin_hz_;
    PitchFinder pitch_;
    std::vector<float> band_;  // [kBins]
};

}  // namespace msst::dsp
