#include "dsp/masks.h"

#include <algorithm>
#include <cmath>

namespace msst::dsp {
namespace {

constexpr double kVoiceFromHz = 320, kVoiceToHz = 9000, kBassToHz = 200, kLowToHz = 200;
constexpr float kExcessWeight = 3;  // of what stands above the median, against the median
constexpr float kVocalWeight = 1.5;
constexpr float kNobodys = 1e-6;  // what no stem claims is other's

double high_pass(double hz, double corner, int order) {
    return 1 / (1 + std::pow(corner / std::max(hz, 1.0), order));
}
double low_pass(double hz, double corner, int order) {
    return 1 / (1 + std::pow(hz / corner, order));
}

// Of `a` against `b`, by power (Wiener).
float share(float a, float b) {
    return a * a / (a * a + b * b + 1e-20f);
}

}  // namespace

MaskModel::MaskModel(int sample_rate) : vocal_band_(kBins), bass_band_(kBins), low_band_(kBins) {
    for (int bin = 0; bin < kBins; ++bin) {
        const double hz = static_cast<double>(bin) * sample_rate / kWindow;
        vocal_band_[bin] = static_cast<float>(high_pass(hz, kVoiceFromHz, 6) * low_pass(hz, kVoiceToHz, 8));
        bass_band_[bin] = static_cast<float>(low_pass(hz, kBassToHz, 8));
        low_band_[bin] = static_cast<float>(low_pass(hz, kLowToHz, 8));
    }
}

void MaskModel::estimate(const FrameEvidence& frame, Masks& masks) const {
    for (std::vector<float>& mask : masks) mask.resize(kBins);
    for (int bin = 0; bin < kBins; ++bin) {
        const float sustained_level = frame.harmonic[bin];
        const float excess = kExcessWeight * std::max(frame.magnitude[bin] - sustained_level, 0.0f);
        const float low = low_band_[bin];
        const float sustained =
            (1 - low) * share(sustained_level, frame.percussive[bin]) + low * share(sustained_level, excess);
        const float struck = 1 - sustained;
        const float above_bass = sustained * (1 - bass_band_[bin]);
        const float middle = frame.centre[bin] * vocal_band_[bin];

        const float vocals = kVocalWeight * middle * above_bass;
        const float drums = struck * std::sqrt(struck);
        const float bass = sustained * bass_band_[bin];
        const float other = (1 - middle) * above_bass + kNobodys;
        const float scale = 1 / (vocals + drums + bass + other);
        masks[kVocals][bin] = scale * vocals;
        masks[kDrums][bin] = scale * drums;
        masks[kBass][bin] = scale * bass;
        masks[kOther][bin] = scale * other;
    }
}

}  // namespace msst::dsp
