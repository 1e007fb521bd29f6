#pragma once

#include <cstdint>
#include <vector>

#include "backend/cpu/storage.h"

namespace msst::backend::cpu {

// The weights of a linear layer to two halves, [2 channels, in], a panel for every 16 channels: for each
// input the 16 weights of the first half and the 16 of the second, zeros where there are fewer channels.
class GatedWeights {
public:
    GatedWeights(const float* weight, int64_t channels, int64_t in);

    int64_t channels() const { return channels_; }
    int64_t in() const { return in_; }
    const float* panel(int64_t first_channel) const { return values_.data() + 2 * first_channel * in_; }

private:
    int64_t channels_;
    int64_t in_;
    std::vector<float> values_;
};

// Below, `hidden` is a few hundred rows of float32, [rows, in], dense, and z = weight hidden. Numbers about
// the two halves of z stand one behind the other, each padded(channels) long.

// Of every channel of z the mean and the sum of squared distances from it.
void gated_spreads(const float* hidden, int64_t rows, const GatedWeights& weights, float* means,
                   float* squares);

// y = x + a * sigmoid(b), where (a, b) = z * scale + shift. x and y: [rows, channels]; y may be x.
void gated_rows(Buffer x, const float* hidden, int64_t rows, const GatedWeights& weights, const float* scale,
                const float* shift, Buffer y);

}  // namespace msst::backend::cpu
