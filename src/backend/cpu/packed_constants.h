#pragma once

#include <vector>

#include "backend/cpu/storage.h"
#include "graph/graph.h"

// Which constants an operation packs when it is made: they are not kept beside that, everything else reads
// its constant where it is.

namespace msst::backend::cpu {

bool is_packed(const graph::Node& node, size_t input);

// Packed constants that the operation reads itself, piece by piece.
bool is_read_in_pieces(const graph::Node& node, size_t input);

// Of all constants as they are kept: packed ones in the type of the product's factors (`products` for those
// that do not follow their input) or as Winograd's products want them, others as float32.
int64_t weight_bytes(const graph::Graph& graph, const std::vector<Storage>& storage, Storage products);

}  // namespace msst::backend::cpu
