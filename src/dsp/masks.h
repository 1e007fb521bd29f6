#pragma once

#include <array>
#include <span>
#include <vector>

#include "dsp/stft.h"

namespace msst::dsp {

// What one STFT frame looks like, bin by bin; the evidence from which masks are made.
struct FrameEvidence {
    std::span<const float> magnitude;   // over both channels
    std::span<const float> harmonic;    // magnitude, median over time: what is sustained
    std::span<const float> percussive;  // magnitude, median over frequency: what is struck
    std::span<const float> centre;      // 0-1: how much of the bin comes from the middle of the stereo field
};

enum Stem { kVocals, kDrums, kBass, kOther, kStems };

// How the shares come about, each step where it works best:
//
//   struck or sustained   above some 200 Hz by the medians of harmonic/percussive separation (Fitzgerald
//   2010). Below, a kick
//                         drum is as narrow as a bass note, but shorter: there, what stands above the median
//                         over time is struck.
//   vocals or other       of what is sustained: by its place in the stereo field (Avendano & Jot 2002;
//   ADRess, Barry 2004)
//                         within the band of voices
//   bass                  of what is sustained: below some 200 Hz
//
// Shares in the amplitudes rather than the powers: measured on the demo songs it costs nobody anything and
// gives every stem 0.1 to 0.4 dB (docs/models/dsp.md).
//
// The share of each stem in every bin, [stem][bin]; the four add up to one.
using Masks = std::array<std::vector<float>, kStems>;

class MaskModel {
public:
    explicit MaskModel(int sample_rate);

    void estimate(const FrameEvidence& frame, Masks& masks) const;

private:
    // Per bin, 0-1.
    std::vector<float> vocal_band_;
    std::vector<float> bass_band_;
    std::vector<float> low_band_;
};

}  // namespace msst::dsp
