#pragma once

#include "graph/graph.h"

namespace msst::backend::cpu {

// Memory that a convolution of either direction needs while it runs.
int64_t convolution_scratch_bytes(const graph::Graph& graph, const graph::Node& node);

}  // namespace msst::backend::cpu
