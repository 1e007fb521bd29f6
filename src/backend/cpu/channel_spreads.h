#pragma once

#include <cstdint>

#include "backend/cpu/storage.h"

namespace msst::backend::cpu {

// For every channel of a few thousand numbers, [rows, channels]: their mean, and the sum of their squared
// distances from it. Sums are kept in single precision.
void channel_spreads(Buffer x, int64_t rows, int64_t channels, float* means, float* squares);

}  // namespace msst::backend::cpu
