#include "model/mel_bands.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"

namespace msst::model {
namespace {

// Slaney's scale: linear below 1 kHz, logarithmic above.
constexpr double kHzPerMel = 200.0 / 3.0;
constexpr double kKneeHz = 1000.0;
constexpr double kKneeMel = kKneeHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double to_mel(double hz) {
    return hz < kKneeHz ? hz / kHzPerMel : kKneeMel + std::log(hz / kKneeHz) / kLogStep;
}

double to_hz(double mel) {
    return mel < kKneeMel ? mel * kHzPerMel : kKneeHz * std::exp(kLogStep * (mel - kKneeMel));
}

std::vector<double> corner_frequencies(int sample_rate, int64_t bands) {
    const double top = to_mel(sample_rate / 2.0);
    std::vector<double> corners;
    for (int64_t i = 0; i < bands + 2; ++i)
        corners.push_back(to_hz(top * static_cast<double>(i) / static_cast<double>(bands + 1)));
    return corners;
}

}  // namespace

std::vector<std::vector<int64_t>> mel_bands(int sample_rate, int64_t n_fft, int64_t bands) {
    const std::vector<double> corner = corner_frequencies(sample_rate, bands);
    const int64_t bins = n_fft / 2 + 1;
    std::vector<std::vector<int64_t>> members(bands);
    for (int64_t band = 0; band < bands; ++band)
        for (int64_t bin = 0; bin < bins; ++bin) {
            const double hz = static_cast<double>(bin) * sample_rate / static_cast<double>(n_fft);
            const double rising = (hz - corner[band]) / (corner[band + 1] - corner[band]);
            const double falling = (corner[band + 2] - hz) / (corner[band + 2] - corner[band + 1]);
            const bool is_forced = (band == 0 && bin == 0) || (band == bands - 1 && bin == bins - 1);
            if (is_forced || static_cast<float>(std::min(rising, falling)) > 0) members[band].push_back(bin);
        }
    const auto empty = std::ranges::find_if(members, [](const auto& band) { return band.empty(); });
    if (empty != members.end())
        throw Error(ErrorCode::invalid_input, "of " + std::to_string(bands) + " mel bands, band " +
                                                  std::to_string(empty - members.begin()) +
                                                  " has none of the " + std::to_string(bins) +
                                                  " frequency bins");
    return members;
}

}  // namespace msst::model
