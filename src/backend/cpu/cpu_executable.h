#pragma once

#include <memory>
#include <vector>

#include "backend/cpu/storage.h"
#include "graph/backend.h"

namespace msst::backend::cpu {

// How a graph is run: what the plan that comes with it was made for.
struct RunSettings {
    std::vector<Storage> storage;         // per tensor
    Storage products = Storage::float32;  // of the factors of matrix products and convolutions
    int threads = 1;                      // of granted_threads()
};

// Reads, converts and packs the constants, several at a time. Throws Error as graph::Constant::fill and
// ThreadTeam.
std::unique_ptr<graph::Executable> make_executable(const graph::Graph& graph, const graph::Plan& plan,
                                                   RunSettings settings);

}  // namespace msst::backend::cpu
