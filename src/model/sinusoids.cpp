#include "model/sinusoids.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace msst::model {

graph::Constant sinusoids_1d(int64_t length, int64_t width, double period, double weight) {
    return {"positions", {length, 1, width}, [=](std::span<float> out) {
                const int64_t half = width / 2;
                for (int64_t r = 0; r < half; ++r) {
                    const double exponent = static_cast<double>(r) / static_cast<double>(half - 1);
                    const double slowness = std::pow(period, exponent);
                    for (int64_t i = 0; i < length; ++i) {
                        const double angle = static_cast<double>(i) / slowness;
                        out[i * width + r] = static_cast<float>(weight * std::cos(angle));
                        out[i * width + half + r] = static_cast<float>(weight * std::sin(angle));
                    }
                }
            }};
}

namespace {

// [length, half]: sines at even places, cosines behind them.
std::vector<float> alternating(int64_t length, int64_t half, double period, double weight) {
    std::vector<float> table(length * half);
    for (int64_t i = 0; i < half; ++i) {
        const double exponent = 2.0 * static_cast<double>(i / 2) / static_cast<double>(half);
        const double speed = std::pow(period, -exponent);
        for (int64_t at = 0; at < length; ++at) {
            const double angle = static_cast<double>(at) * speed;
            const double value = i % 2 == 0 ? std::sin(angle) : std::cos(angle);
            table[at * half + i] = static_cast<float>(weight * value);
        }
    }
    return table;
}

}  // namespace

graph::Constant sinusoids_2d(int64_t bins, int64_t frames, int64_t width, double period, double weight) {
    return {"positions", {bins * frames, 1, width}, [=](std::span<float> out) {
                const int64_t half = width / 2;
                const std::vector<float> of_frames = alternating(frames, half, period, weight);
                const std::vector<float> of_bins = alternating(bins, half, period, weight);
                auto to = out.begin();
                for (int64_t bin = 0; bin < bins; ++bin)
                    for (int64_t frame = 0; frame < frames; ++frame) {
                        to = std::copy_n(of_frames.begin() + frame * half, half, to);
                        to = std::copy_n(of_bins.begin() + bin * half, half, to);
                    }
            }};
}

}  // namespace msst::model
