#include "model/sinusoids.h"

#include <cmath>

namespace msst::model {

graph::Constant sinusoids_1d(int64_t length, int64_t width, double period, double weight) {
    return {"positions", {length, 1, width}, [=](std::span<float> out) {
                const int64_t half = width / 2;
                for (int64_t i = 0; i < length; ++i)
                    for (int64_t r = 0; r < half; ++r) {
                        const double exponent = static_cast<double>(r) / static_cast<double>(half - 1);
                        const double angle = static_cast<double>(i) / std::pow(period, exponent);
                        out[i * width + r] = static_cast<float>(weight * std::cos(angle));
                        out[i * width + half + r] = static_cast<float>(weight * std::sin(angle));
                    }
            }};
}

graph::Constant sinusoids_2d(int64_t frames, int64_t bins, int64_t width, double period, double weight) {
    return {"positions", {frames * bins, 1, width}, [=](std::span<float> out) {
                const int64_t half = width / 2;
                for (int64_t token = 0; token < frames * bins; ++token)
                    for (int64_t i = 0; i < width; ++i) {
                        const auto position = static_cast<double>(i < half ? token / bins : token % bins);
                        const int64_t r = i % half / 2;
                        const double exponent = 2.0 * static_cast<double>(r) / static_cast<double>(half);
                        const double angle = position * std::pow(period, -exponent);
                        const double value = i % half % 2 == 0 ? std::sin(angle) : std::cos(angle);
                        out[token * width + i] = static_cast<float>(weight * value);
                    }
            }};
}

}  // namespace msst::model
