#include "dsp/voice_model.h"

#include <algorithm>

#include "dsp/stft.h"

namespace msst::dsp {
namespace {

constexpr PitchSearch kVoice{
    .from_hz = 110, .to_hz = 980, .harmonics_to_hz = 5000, .harmonics = 6, .decay = 0.75f, .loyalty = 0.5f};
constexpr double kVoiceToothHz = 11, kToothWidening = 0.02;  // vibrato widens a harmonic as its frequency
constexpr double kJudgedToHz = 6000;
constexpr float kTrust = 0.9f;  // in the pitch, when it explains all

}  // namespace

VoiceModel::VoiceModel(double sample_rate)
    : bin_hz_(sample_rate / kWindow), pitch_(kVoice, bin_hz_), vocals_(kBins), comb_(kBins) {}

void VoiceModel::sharpen(std::span<const float> magnitude, Masks& masks) {
    for (int bin = 0; bin < kBins; ++bin) vocals_[bin] = magnitude[bin] * masks[kVocals][bin];
    const double pitch_hz = pitch_.find(vocals_);
    if (pitch_hz == 0) return;
    std::ranges::fill(comb_, 0.0f);
    for (int k = 1; k * pitch_hz < kVoice.harmonics_to_hz; ++k) {
        const double hz = k * pitch_hz;
        raise_tooth(comb_, hz / bin_hz_, (kVoiceToothHz + kToothWidening * hz) / bin_hz_, 1.0f);
    }

    const float trust = kTrust * comb_explains();
    const auto judged = static_cast<int>(kJudgedToHz / bin_hz_);
    for (int bin = 0; bin < judged; ++bin) {
        float& vocals = masks[kVocals][bin];
        float& other = masks[kOther][bin];
        const float both = vocals + other;
        const float on = trust * comb_[bin], off = trust - on;
        const float claim = vocals * (1 + on) * (1 - off), rest = other * (1 - on);
        vocals = both * claim / (claim + rest + 1e-20f);
        other = both - vocals;
    }
}

float VoiceModel::comb_explains() const {
    float all = 1e-20f, on = 0, covered = 0;
    const auto judged = static_cast<int>(kJudgedToHz / bin_hz_);
    for (int bin = 0; bin < judged; ++bin) {
        const float power = vocals_[bin] * vocals_[bin];
        all += power;
        on += comb_[bin] * power;
        covered += comb_[bin];
    }
    const float by_chance = covered / static_cast<float>(judged);
    return std::max(0.0f, (on / all - by_chance) / (1 - by_chance + 1e-6f));
}

}  // namespace msst::dsp
