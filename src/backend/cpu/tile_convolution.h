#pragma once

#include <memory>
#include <optional>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

// A convolution of float32 with channels last: 1 x 1 as a product, 3 x 3 by winograd_convolution.h. Null
// where it is better left to others.
std::unique_ptr<Kernel> make_tile_convolution(const graph::Convolution& op, const KernelContext& context);

// Memory that such a kernel needs while it runs; 0 where there is none.
int64_t tile_convolution_scratch_bytes(const graph::Graph& graph, const graph::Node& node, int threads);

// Of its weights as they are kept, where that is more than their number says; else nothing.
std::optional<int64_t> tile_convolution_weight_bytes(const graph::Graph& graph, const graph::Node& node);

}  // namespace msst::backend::cpu
