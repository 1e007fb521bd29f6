#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace msst::backend::cpu {

// How the numbers of a tensor are stored.
enum class Storage { float32, bfloat16 };

inline int64_t size_of(Storage storage) {
    return storage == Storage::float32 ? 4 : 2;
}

// Numbers in memory that somebody else owns.
struct Buffer {
    std::byte* data = nullptr;
    Storage storage = Storage::float32;
    bool is_piece = false;  // of a row-wise tensor: only the rows at hand (row_groups.h)

    // From the element `index` on.
    Buffer at(int64_t index) const { return {data + index * size_of(storage), storage}; }

    // From a row of a row-wise tensor on.
    Buffer from_row(int64_t row, int64_t width) const { return is_piece ? *this : at(row * width); }
    float* floats() const { return reinterpret_cast<float*>(data); }
};

// Which tensors are stored as bfloat16: those whose producer can write it and which only feed matrix products
// and attention. Everything that is summed up over the depth of a network stays float32. Per tensor.
std::vector<Storage> choose_storage(const graph::Graph& graph, bool uses_bfloat16);

}  // namespace msst::backend::cpu
