#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace msst::dsp {

// The median of an odd number of rows, column by column, by a sorting network
// (Batcher's odd-even merge sort) over a few dozen columns at a time: the same
// comparisons for every column, so that they run in vector registers.
class MedianFilter {
public:
    // length: odd, 3 to 63.
    explicit MedianFilter(int length);

    int length() const { return length_; }

    // out[i] = median over r of rows[r][i]; rows: length() pointers to out.size() finite numbers.
    void apply(std::span<const float* const> rows, std::span<float> out) const;

private:
    int length_;
    std::vector<std::pair<int, int>> exchanges_;  // of the network; the first gets the smaller one
};

}  // namespace msst::dsp
