#include "dsp/bass_model.h"

#include <algorithm>
#include <cmath>

#include "dsp/bands.h"
#include "dsp/stft.h"

namespace msst::dsp {
namespace {

// From D1 to D3: below, two neighbouring notes share a bin.
constexpr PitchSearch kBassPitch{
    .from_hz = 36, .to_hz = 150, .harmonics_to_hz = 1200, .harmonics = 5, .decay = 0.8f};
constexpr double kToothHz = 11;  // a Hann window's main lobe, nearly
constexpr float kRollOff = 0.6f;
constexpr double kLoudestWithinHz = 300;
constexpr float kStandsOut = 0.1f;  // of the loudest
constexpr double kBandHz = 200;

}  // namespace

BassModel::BassModel(double sample_rate)
    : bin_hz_(sample_rate / kWindow),
      pitch_(kBassPitch, bin_hz_),
      band_(low_pass_band(sample_rate, kBandHz, 8)) {}

void BassModel::find_teeth(std::span<const float> harmonic, std::span<float> teeth) {
    const double pitch_bin = pitch_.find(harmonic) / bin_hz_;
    const float loudest =
        std::ranges::max(harmonic.subspan(2, static_cast<size_t>(kLoudestWithinHz / bin_hz_)));
    const float level = std::max(between_bins(harmonic, pitch_bin), between_bins(harmonic, 2 * pitch_bin));
    if (pitch_bin == 0 || level <= kStandsOut * loudest) {
        std::ranges::copy(band_, teeth.begin());
        return;
    }
    std::ranges::fill(teeth, 0.0f);
    float expected = level;
    for (int k = 1; k * pitch_bin * bin_hz_ < kBassPitch.harmonics_to_hz; ++k) {
        if (k > 1) expected *= kRollOff;
        const float found = between_bins(harmonic, k * pitch_bin);
        const float share = k <= 2 ? 1.0f : std::min(1.0f, expected / (found + 1e-20f));
        raise_tooth(teeth, k * pitch_bin, kToothHz / bin_hz_, share);
    }
}

}  // namespace msst::dsp
