#pragma once

#include <vector>

namespace msst::dsp {

// Soft-edged bands over the bins of the STFT, [kBins], 0-1; half at the corner. The order is the steepness.
std::vector<float> low_pass_band(double sample_rate, double corner_hz, int order);
std::vector<float> high_pass_band(double sample_rate, double corner_hz, int order);

}  // namespace msst::dsp
