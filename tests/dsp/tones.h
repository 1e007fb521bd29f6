#pragma once

#include <cmath>
#include <vector>

#include "dsp/stft.h"

namespace msst::dsp {

inline constexpr double kTestRate = 44100;
inline constexpr double kTestBinHz = kTestRate / kWindow;

// The magnitude spectrum of a tone with evenly weakening harmonics: a Hann window's main lobe, roughly, at
// each.
inline void add_tone(std::vector<float>& magnitude, double hz, int harmonics, float ratio, float level = 1) {
    for (int k = 1; k <= harmonics; ++k, level *= ratio)
        for (int bin = 0; bin < kBins; ++bin) {
            const double off = std::abs(bin - k * hz / kTestBinHz);
            if (off < 2) magnitude[bin] += level * static_cast<float>(0.5 + 0.5 * std::cos(off * 1.5707963));
        }
}

inline int bin_of(double hz) {
    return static_cast<int>(std::lround(hz / kTestBinHz));
}

}  // namespace msst::dsp
