#pragma once

#include <cstdint>

#include "backend/cpu/storage.h"
#include "graph/ops/attention.h"

// Attention of one head over one sequence, from its inputs to its part of the output.

namespace msst::backend::cpu {

// One row of some tensor for every position of the sequence.
struct Rows {
    Buffer first;
    int64_t stride = 0;  // elements from one position to the next

    Buffer at(int64_t i) const { return first.at(i * stride); }
};

// [queries or keys, head_dim] each; null: no positions.
struct Angles {
    const float* cosine = nullptr;
    const float* sine = nullptr;
};

struct AttentionHead {
    const graph::Attention* op = nullptr;
    int64_t queries = 0;
    int64_t keys = 0;  // and values
    Rows q, k, v, y;   // rows of head_dim numbers
    Rows gates;        // of one number; data is null: absent
    Angles q_angles, k_angles;
};

// What a head of this size works in: computed once, the same for every head of an operation.
struct HeadSizes {
    // factors: how the products' factors are stored; bfloat16 only where has_native_bfloat16(), and then
    // still float32 if the instruction set that was compiled for it has none.
    HeadSizes(const graph::Attention& op, int64_t queries, int64_t keys, Storage factors);

    int64_t bytes() const { return y_at + block * y_stride; }

    Storage factors;
    int64_t steps;      // of a score: score width in 32-bit steps
    int64_t columns;    // keys, padded
    int64_t block;      // queries at a time
    int64_t row_bytes;  // of a query or key with its position
    int64_t y_stride;   // bytes
    // Offsets into the memory:
    int64_t q_at = 0;   // [block] rows
    int64_t row_at;     // keys on their way into k: a few rows
    int64_t k_at;       // [panels of keys][steps][keys of a panel] times 32 bits
    int64_t v_at;       // [panels of columns][keys in steps][columns of a panel] times 32 bits
    int64_t sums_at;    // [block] floats
    int64_t scores_at;  // [block, columns] floats, then their exponentials
    int64_t y_at;       // [block, head_dim padded] floats
};

// memory: sizes.bytes() bytes, 64 aligned, nobody else's during the call.
void run_attention_head(const AttentionHead& head, const HeadSizes& sizes, std::byte* memory);

}  // namespace msst::backend::cpu
