#include "dsp/stereo_centre.h"

#include <algorithm>

namespace msst::dsp {

void find_centre(const Spectrum& left, const Spectrum& right, std::span<float> centre) {
    for (int bin = 0; bin < kBins; ++bin) {
        const std::complex<float> l = left[bin], r = right[bin];
        const float both = l.real() * r.real() + l.imag() * r.imag();
        const float power = std::norm(l) + std::norm(r);
        const float similarity = std::clamp(2 * both / (power + 1e-20f), 0.0f, 1.0f);
        centre[bin] = similarity * similarity * similarity;
    }
}

}  // namespace msst::dsp
