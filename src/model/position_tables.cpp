#include "model/position_tables.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace msst::model {
namespace {

// PyTorch multiplies position and frequency in single precision, so that the angle is rounded there.
double angle(int64_t position, float frequency) {
    return static_cast<float>(position) * frequency;
}

}  // namespace

Values nominal_rotary_frequencies(int64_t head_dim) {
    return [head_dim] {
        std::vector<float> frequencies;
        for (int64_t r = 0; r < head_dim / 2; ++r)
            frequencies.push_back(static_cast<float>(
                std::pow(10000.0, -2.0 * static_cast<double>(r) / static_cast<double>(head_dim))));
        return frequencies;
    };
}

graph::Constant rotary_table(std::string name, int64_t length, int64_t head_dim, Values frequencies) {
    const auto fill = [=](std::span<float> out) {
        std::vector<float> rates = frequencies();
        rates.resize(head_dim / 2, 0.0f);
        for (int64_t i = 0; i < length; ++i)
            for (int64_t r = 0; r < head_dim; ++r) {
                out[i * head_dim + r] = static_cast<float>(std::cos(angle(i, rates[r / 2])));
                out[(length + i) * head_dim + r] = static_cast<float>(std::sin(angle(i, rates[r / 2])));
            }
    };
    return {std::move(name), {2, length, head_dim}, fill};
}

graph::Constant learned_rotary_table(std::string name, int64_t length, int64_t head_dim, Values cosine,
                                     Values sine) {
    const auto fill = [=](std::span<float> out) {
        const std::vector<float> cosines = cosine();
        const std::vector<float> sines = sine();
        check(cosines.size() + sines.size() == out.size(), "learned position tables have the wrong size");
        std::ranges::copy(sines, std::ranges::copy(cosines, out.begin()).out);
    };
    return {std::move(name), {2, length, head_dim}, fill};
}

graph::Constant polar_table(std::string name, int64_t length, int64_t heads, int64_t head_dim,
                            Values frequencies, Values bias) {
    const auto fill = [=](std::span<float> out) {
        const std::vector<float> rates = frequencies();
        const std::vector<float> shifts = bias();
        const int64_t half = static_cast<int64_t>(out.size()) / 2;
        for (int64_t row = 0; row < 1 + heads; ++row)
            for (int64_t i = 0; i < length; ++i)
                for (int64_t r = 0; r < head_dim; ++r) {
                    const double shift =
                        row == 0 ? 0.0
                                 : std::clamp<double>(shifts[(row - 1) * head_dim + r], -2.0 * M_PI, 0.0);
                    const int64_t at = (row * length + i) * head_dim + r;
                    out[at] = static_cast<float>(std::cos(angle(i, rates[r]) + shift));
                    out[half + at] = static_cast<float>(std::sin(angle(i, rates[r]) + shift));
                }
    };
    return {std::move(name), {2, 1 + heads, length, head_dim}, fill};
}

}  // namespace msst::model
