#include "dsp/masks.h"

#include <algorithm>
#include <cmath>

namespace msst::dsp {
namespace {

constexpr double kVoiceFromHz = 180, kVoiceToHz = 9000, kBassToHz = 200;

double high_pass(double hz, double corner, int order) {
    return 1 / (1 + std::pow(corner / std::max(hz, 1.0), order));
}
double low_pass(double hz, double corner, int order) {
    return 1 / (1 + std::pow(hz / corner, order));
}

}  // namespace

MaskModel::MaskModel(int sample_rate) : vocal_band_(kBins), bass_band_(kBins) {
    for (int bin = 0; bin < kBins; ++bin) {
        const double hz = static_cast<double>(bin) * sample_rate / kWindow;
        vocal_band_[bin] = static_cast<float>(high_pass(hz, kVoiceFromHz, 6) * low_pass(hz, kVoiceToHz, 8));
        bass_band_[bin] = static_cast<float>(low_pass(hz, kBassToHz, 8));
    }
}

void MaskModel::estimate(const FrameEvidence& frame, Masks& masks) const {
    for (std::vector<float>& mask : masks) mask.resize(kBins);
    for (int bin = 0; bin < kBins; ++bin) {
        const float h2 = frame.harmonic[bin] * frame.harmonic[bin];
        const float p2 = frame.percussive[bin] * frame.percussive[bin];
        const float harmonic = h2 / (h2 + p2 + 1e-20f);
        const float struck = 1 - harmonic;
        const float above_bass = 1 - bass_band_[bin];
        const float middle = frame.centre[bin] * vocal_band_[bin];

        const float vocals = harmonic * middle * above_bass;
        const float drums = struck * std::sqrt(struck);
        const float bass = harmonic * bass_band_[bin];
        const float other = harmonic * (1 - middle) * above_bass;
        // Power Wiener: shares by squares. What nobody claims is other's.
        const float v = vocals * vocals, d = drums * drums, b = bass * bass, o = other * other + 1e-9f;
        const float sum = v + d + b + o;
        masks[kVocals][bin] = v / sum;
        masks[kDrums][bin] = d / sum;
        masks[kBass][bin] = b / sum;
        masks[kOther][bin] = o / sum;
    }
}

}  // namespace msst::dsp
