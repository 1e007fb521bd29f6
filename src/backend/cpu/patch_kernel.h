#pragma once

#include <memory>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

// A convolution with channels last by patch_convolution.h; null where it is better left to oneDNN.
std::unique_ptr<Kernel> make_patch_convolution(const graph::Convolution& op, const KernelContext& context);

// Memory that such a kernel needs while it runs; 0 where there is none.
int64_t patch_scratch_bytes(const graph::Graph& graph, const graph::Node& node, int threads);

}  // namespace msst::backend::cpu
