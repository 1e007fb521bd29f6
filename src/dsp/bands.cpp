#include "dsp/bands.h"

#include <algorithm>
#include <cmath>

#include "dsp/stft.h"

namespace msst::dsp {

std::vector<float> low_pass_band(double sample_rate, double corner_hz, int order) {
    std::vector<float> band(kBins);
    for (int bin = 0; bin < kBins; ++bin)
        band[bin] = static_cast<float>(1 / (1 + std::pow(bin * sample_rate / kWindow / corner_hz, order)));
    return band;
}

std::vector<float> high_pass_band(double sample_rate, double corner_hz, int order) {
    std::vector<float> band = low_pass_band(sample_rate, corner_hz, order);
    std::ranges::transform(band, band.begin(), [](float low) { return 1 - low; });
    return band;
}

}  // namespace msst::dsp
