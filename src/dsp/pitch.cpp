#include "dsp/pitch.h"

#include <algorithm>
#include <cmath>

namespace msst::dsp {
namespace {

constexpr double kStepsPerOctave = 60;
constexpr double kNearOctaves = 0.12;  // a singer's glide from frame to frame stays within

}  // namespace

PitchFinder::PitchFinder(const PitchSearch& search, double bin_hz)
    : search_(search), bin_hz_(bin_hz), roots_(static_cast<size_t>(search.harmonics_to_hz / bin_hz) + 2) {}

double PitchFinder::find(std::span<const float> magnitude) {
    std::ranges::transform(magnitude.first(roots_.size()), roots_.begin(),
                           [](float m) { return std::sqrt(m); });
    float best = 0;
    double best_hz = 0;
    const int steps = static_cast<int>(kStepsPerOctave * std::log2(search_.to_hz / search_.from_hz));
    const double step = std::exp2(1 / kStepsPerOctave);
    double pitch_hz = search_.from_hz;
    for (int i = 0; i <= steps; ++i, pitch_hz *= step) {
        float value = salience(pitch_hz);
        if (last_hz_ > 0 && std::abs(std::log2(pitch_hz / last_hz_)) < kNearOctaves)
            value *= 1 + search_.loyalty;
        if (value > best) {
            best = value;
            best_hz = pitch_hz;
        }
    }
    last_hz_ = best_hz;
    return best_hz;
}

float PitchFinder::salience(double pitch_hz) const {
    float sum = 0, weight = 1;
    for (int k = 1; k <= search_.harmonics; ++k, weight *= search_.decay)
        sum += weight * between_bins(roots_, k * pitch_hz / bin_hz_);
    return sum;
}

float between_bins(std::span<const float> row, double bin) {
    const auto below = static_cast<size_t>(bin);
    if (below + 1 >= row.size()) return 0;
    const auto part = static_cast<float>(bin - static_cast<double>(below));
    return row[below] * (1 - part) + row[below + 1] * part;
}

void raise_tooth(std::span<float> comb, double centre_bin, double width_bins, float height) {
    const auto first = static_cast<int64_t>(std::max(0.0, std::ceil(centre_bin - 3 * width_bins)));
    const auto last =
        std::min<int64_t>(std::ssize(comb) - 1, static_cast<int64_t>(centre_bin + 3 * width_bins));
    for (int64_t bin = first; bin <= last; ++bin) {
        const double off = (static_cast<double>(bin) - centre_bin) / width_bins;
        comb[bin] = std::max(comb[bin], height * static_cast<float>(std::exp(-0.5 * off * off)));
    }
}

}  // namespace msst::dsp
