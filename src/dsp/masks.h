#pragma once

#include <array>
#include <span>
#include <vector>

#include "dsp/stft.h"

namespace msst::dsp {

// What one STFT frame looks like, bin by bin; the evidence from which masks are made.
struct FrameEvidence {
    std::span<const float> harmonic;    // magnitude, median over time: what is sustained
    std::span<const float> percussive;  // magnitude, median over frequency: what is struck
    std::span<const float> centre;      // 0-1: how much of the bin comes from the middle of the stereo field
};

enum Stem { kVocals, kDrums, kBass, kOther, kStems };

// The share of each stem in every bin, [stem][bin]; the four add up to one.
using Masks = std::array<std::vector<float>, kStems>;

class MaskModel {
public:
    explicit MaskModel(int sample_rate);

    void estimate(const FrameEvidence& frame, Masks& masks) const;

private:
    std::vector<float> vocal_band_;  // [bin], 0-1
    std::vector<float> bass_band_;   // [bin], 0-1
};

}  // namespace msst::dsp
