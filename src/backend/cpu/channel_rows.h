#pragma once

#include <cstdint>

#include "backend/cpu/storage.h"
#include "graph/activation.h"

namespace msst::backend::cpu {

// Where numbers lie and how far they spread: enough to join those of two parts without another look.
struct Spread {
    double count = 0;
    double mean = 0;
    double squares = 0;  // the sum of the squared distances from the mean

    void join(const Spread& other);
};

// A few thousand numbers: sums are kept in single precision.
Spread spread_of(Buffer x, int64_t count);

// y = activation(x * scale + shift) for rows of channels; scale and shift are one number per channel. y may
// be x.
void affine_channels(Buffer x, int64_t rows, int64_t channels, const float* scale, const float* shift,
                     const graph::Activation& activation, Buffer y);

// y = activation(x). y may be x.
void activate_row(Buffer x, int64_t count, const graph::Activation& activation, Buffer y);

}  // namespace msst::backend::cpu
