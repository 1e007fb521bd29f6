#pragma once

#include <vector>

#include "backend/cpu/panels.h"
#include "backend/cpu/storage.h"

// One step of an LSTM for some sequences in one direction: products, gates and new states at once.

namespace msst::backend::cpu {

// The weights of one direction, packed. What a step multiplies lies in one row for each sequence:
//
//   [x of the step, padded to a whole 32 bits | h of the step before, padded(hidden)]
class LstmWeights {
public:
    // input [4 hidden, in], state [4 hidden, hidden], bias [2, 4 hidden] or null. `wanted` is how factors are
    // stored where the processor multiplies them so; else they are float32.
    LstmWeights(int64_t in, int64_t hidden, Storage wanted, const float* input, const float* state,
                const float* bias);

    int64_t in() const { return in_; }
    int64_t hidden() const { return hidden_; }
    Storage factors() const { return factors_; }
    int64_t row_bytes() const;
    int64_t h_offset() const { return x_steps_ * 4; }  // bytes from the start of a row
    int64_t steps() const { return steps_; }           // 32 bits of a row each
    const std::byte* panels() const { return panels_.data(); }
    const float* bias() const { return bias_.data(); }  // [panels, 4, lanes]

private:
    int64_t in_;
    int64_t hidden_;
    Storage factors_;
    int64_t x_steps_;
    int64_t steps_;
    PanelMemory panels_;
    std::vector<float> bias_;
};

// Rows are read up to the next multiple of this many.
inline constexpr int64_t kLstmRows = 6;

int64_t lstm_row_bytes(int64_t in, int64_t hidden, Storage factors);

struct LstmStep {
    const std::byte* rows = nullptr;  // [count, up to a multiple of kLstmRows; row_bytes], finite all of it
    std::byte* next_rows = nullptr;   // the same, of the next step: h is written
    float* c = nullptr;               // count * padded(hidden) numbers in the kernel's own order
    Buffer y;                         // [count, hidden]: h
    int64_t y_stride = 0;             // elements from one sequence to the next
    int64_t count = 0;                // of sequences
};

// Puts x [in] at the start of a row.
void lstm_fill_row(const LstmWeights& weights, Buffer x, std::byte* row);

void run_lstm_step(const LstmWeights& weights, const LstmStep& step);

}  // namespace msst::backend::cpu
