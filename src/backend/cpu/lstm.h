#pragma once

#include "graph/graph.h"

namespace msst::backend::cpu {

// How the work of one LSTM layer is divided. An item is a group of sequences in one direction: it needs
// nothing of the others, so a thread takes it through all steps alone.
struct LstmSizes {
    LstmSizes(const graph::Lstm& op, const graph::Shape& x, const graph::Shape& hidden_weight, int threads);

    int64_t steps = 0;
    int64_t sequences = 0;
    int64_t in = 0;
    int64_t hidden = 0;
    int64_t directions = 0;
    int64_t step_rows = 0;      // rows of x from one step of a sequence to the next
    int64_t sequence_rows = 0;  // rows of x from one sequence to the next
    int64_t group = 0;          // sequences of an item, at most
    int64_t groups = 0;

    int64_t items() const { return groups * directions; }

    // Memory of a thread: the states of an item, and the rows of two steps.
    int64_t state_bytes() const;
    int64_t rows_bytes() const;
    int64_t thread_bytes() const { return state_bytes() + 2 * rows_bytes(); }
};

}  // namespace msst::backend::cpu
