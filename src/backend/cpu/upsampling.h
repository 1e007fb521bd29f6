#pragma once

#include <memory>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

// A transposed convolution with channels last whose kernel is as large as its stride, so that no two pixels
// write to the same place. Null where it is another one, or better left to oneDNN.
std::unique_ptr<Kernel> make_upsampling(const graph::TransposedConvolution& op, const KernelContext& context);

}  // namespace msst::backend::cpu
