#pragma once

#include <cstdint>

#include "audio/block.h"

// MSST's `inference.normalize`: the whole song with mean 0 and standard deviation 1, both measured on the
// mean of its channels. Stems get the song's deviation and mean back, each of them, as in MSST.

namespace msst::separation {

struct Normalization {
    double mean = 0;
    double deviation = 1;

    void apply(audio::Block& block) const;
    void undo(audio::Block& block) const;
};

// Measures a song block by block.
class NormalizationMeter {
public:
    void add(const audio::Block& block);

    // Of all frames so far. A song without any level keeps it: its deviation is told as 1.
    Normalization result() const;

private:
    double sum_ = 0;
    double sum_of_squares_ = 0;
    int64_t frames_ = 0;
};

}  // namespace msst::separation
