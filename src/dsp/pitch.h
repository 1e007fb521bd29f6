#pragma once

#include <span>
#include <vector>

namespace msst::dsp {

// Where to look for a pitch, and how.
struct PitchSearch {
    double from_hz = 0, to_hz = 0;  // of the fundamental
    double harmonics_to_hz = 0;     // nothing above counts
    int harmonics = 0;              // that count, the fundamental included
    float decay = 1;                // weight of a harmonic against the one below it
    float loyalty = 0;              // how much more the neighbourhood of the last pitch counts
};

// Finds the most salient pitch of a magnitude spectrum: the fundamental with the largest weighted sum of the
// square roots of its harmonics' magnitudes (harmonic summation; Klapuri 2006). Follows one song: keeps the
// last pitch.
class PitchFinder {
public:
    PitchFinder(const PitchSearch& search, double bin_hz);

    // Hz; 0 where the spectrum is silent. magnitude: [kBins].
    double find(std::span<const float> magnitude);

private:
    float salience(double pitch_hz) const;

    PitchSearch search_;
    double bin_hz_;
    std::vector<float> roots_;  // [bins up to harmonics_to_hz]
    double last_hz_ = 0;
};

// A row of values between its bins, linearly; 0 beyond its end.
float between_bins(std::span<const float> row, double bin);

// Raises `comb` to a bell of this height around a bin; width is the bell's standard deviation.
void raise_tooth(std::span<float> comb, double centre_bin, double width_bins, float height);

}  // namespace msst::dsp
