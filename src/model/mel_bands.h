#pragma once

#include <cstdint>
#include <vector>

namespace msst::model {

// Which FFT bins belong to each mel band: the bins where librosa's Slaney-style triangular filter is above
// zero, plus the first bin in the first band and the last in the last. Bands overlap; bins ascend within a
// band. Throws Error(invalid_input) if a band has no bin.
std::vector<std::vector<int64_t>> mel_bands(int sample_rate, int64_t n_fft, int64_t bands);

}  // namespace msst::model
