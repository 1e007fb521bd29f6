#pragma once

#include "backend/cpu/storage.h"

namespace msst::backend::cpu {

// The end of one step of an LSTM for one sequence: from the sums of its gates to its new state.
//
//   gates  [4, hidden]: i, f, g, o before their functions. One vector behind the end is read too.
//   c      [padded(hidden)], read and written, as is what h has of room: [padded(hidden)]
//   y      [hidden], the same numbers as h
void lstm_gates_row(const float* gates, int64_t hidden, float* c, Buffer h, Buffer y);

}  // namespace msst::backend::cpu
