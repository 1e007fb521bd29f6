#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.h"

namespace msst::graph {

// What a backend needs of memory for one graph, besides its shapes.
struct MemoryNeeds {
    std::vector<int64_t> tensor_bytes;   // per tensor; constants are not in the arena and count 0
    std::vector<int64_t> scratch_bytes;  // per node: memory it uses only while it runs

    // Per node: nodes of one moment run together, piece by piece, so that whatever one of them touches must
    // last for all. Never decreasing; empty: every node by itself.
    std::vector<int> moments;
};

// Where everything lies. Known before anything runs, so that a task can be refused that does not fit.
struct Plan {
    static constexpr int64_t kNowhere = -1;

    std::vector<int64_t> tensor_offsets;   // per tensor, in bytes from the arena's start; constants: kNowhere
    std::vector<int64_t> scratch_offsets;  // per node
    int64_t arena_bytes = 0;               // the peak, all tensors and scratch
    int64_t weight_bytes = 0;              // weights and tables, as the backend keeps them
    double flops = 0;                      // of one run
};

// Gives every tensor a place from the operation that makes it to the last that reads it: the largest first,
// each at the lowest offset where it overlaps nothing alive at the same time. Outputs of Reshape are their
// input; an operation that may takes over the memory of an input nobody reads later. Offsets are multiples
// of 64. Weights are left to the backend.
Plan make_plan(const Graph& graph, const MemoryNeeds& needs);

}  // namespace msst::graph
