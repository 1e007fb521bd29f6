#include "dsp/masks.h"

#include <algorithm>
#include <cmath>

#include "dsp/bands.h"

namespace msst::dsp {
namespace {

constexpr double kVoiceFromHz = 320, kVoiceToHz = 9000, kLowToHz = 200, kLowestToHz = 130;
constexpr float kExcessWeight = 3;  // of what stands above the median, against the median
constexpr float kVocalWeight = 1.5f;
constexpr float kBassFloor = 0.1f;     // of the low band, off the bass's pitch
constexpr float kBassAside = 0.25f;    // of an overtone that is not in the middle
constexpr float kRingingDrums = 0.3f;  // of what is sustained down there, and not the bass's
constexpr float kNobodys = 1e-6f;      // what no stem claims is other's

// Of `a` against `b`, by power (Wiener).
float share(float a, float b) {
    return a * a / (a * a + b * b + 1e-20f);
}

}  // namespace

MaskModel::MaskModel(double sample_rate)
    : vocal_band_(high_pass_band(sample_rate, kVoiceFromHz, 6)),
      low_band_(low_pass_band(sample_rate, kLowToHz, 8)),
      lowest_band_(low_pass_band(sample_rate, kLowestToHz, 8)) {
    const std::vector<float> below = low_pass_band(sample_rate, kVoiceToHz, 8);
    for (int bin = 0; bin < kBins; ++bin) vocal_band_[bin] *= below[bin];
}

void MaskModel::estimate(const FrameEvidence& frame, Masks& masks) const {
    for (std::vector<float>& mask : masks) mask.resize(kBins);
    for (int bin = 0; bin < kBins; ++bin) {
        const float low = low_band_[bin], lowest = lowest_band_[bin];
        const float level = frame.harmonic[bin];
        const float excess = kExcessWeight * std::max(frame.magnitude[bin] - level, 0.0f);
        const float sustained = (1 - low) * share(level, frame.percussive[bin]) + low * share(level, excess);
        const float struck = 1 - sustained;

        const float near_middle = std::max(lowest, kBassAside + (1 - kBassAside) * frame.centre[bin]);
        const float tooth = near_middle * frame.bass_teeth[bin];
        const float bass_part = low * (kBassFloor + (1 - kBassFloor) * tooth) + (1 - low) * tooth;
        const float above_bass = sustained * (1 - std::max(bass_part, lowest));
        const float middle = frame.centre[bin] * vocal_band_[bin];

        const float vocals = kVocalWeight * middle * above_bass;
        const float drums = struck * std::sqrt(struck) + kRingingDrums * sustained * lowest * (1 - bass_part);
        const float bass = sustained * bass_part;
        const float other = (1 - middle) * above_bass + kNobodys;
        const float scale = 1 / (vocals + drums + bass + other);
        masks[kVocals][bin] = scale * vocals;
        masks[kDrums][bin] = scale * drums;
        masks[kBass][bin] = scale * bass;
        masks[kOther][bin] = scale * other;
    }
}

}  // namespace msst::dsp
