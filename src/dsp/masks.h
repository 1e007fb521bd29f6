#pragma once

#include <array>
#include <span>
#include <vector>

#include "dsp/stft.h"

namespace msst::dsp {

// What one STFT frame looks like, bin by bin; the evidence from which masks are made. All [kBins].
struct FrameEvidence {
    std::span<const float> magnitude;   // over both channels
    std::span<const float> harmonic;    // magnitude, median over time: what is sustained
    std::span<const float> percussive;  // magnitude, median over frequency: what is struck
    std::span<const float> centre;      // 0-1: how much of the bin comes from the middle of the stereo field
    std::span<const float> bass_teeth;  // 0-1: how much of what is sustained the bass accounts for
};

enum Stem { kVocals, kDrums, kBass, kOther, kStems };

// The share of each stem in every bin, [stem][bin]; the four add up to one.
using Masks = std::array<std::vector<float>, kStems>;

// How the shares come about, each step where it works best:
//
//   struck or sustained   above some 200 Hz by the medians of harmonic/percussive separation (Fitzgerald
//                         2010). Below, a kick drum is as narrow as a bass note, but shorter: there, what
//                         stands above the median over time is struck
//   bass                  of what is sustained: on its pitch's harmonics, and the nearer the middle the
//                         higher they are
//   vocals or other       of what is sustained and not bass: by its place in the stereo field (Avendano & Jot
//                         2002; ADRess, Barry 2004) within the band of voices
//
// Claims are compared by amplitude, not power, which separates better on every stem (docs/models/dsp.md).
class MaskModel {
public:
    explicit MaskModel(double sample_rate);

    void estimate(const FrameEvidence& frame, Masks& masks) const;

private:
    // [kBins], 0-1.
    std::vector<float> vocal_band_;
    std::vector<float> low_band_;     // where kicks and basses meet
    std::vector<float> lowest_band_;  // where nothing else is sustained
};

}  // namespace msst::dsp
