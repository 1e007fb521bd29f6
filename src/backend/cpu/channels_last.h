#pragma once

#include <memory>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

// Kernels for tensors whose channels lie together, as oneDNN and vectors like them best.
std::unique_ptr<Kernel> make_channels_last(const graph::Convolution& op, const KernelContext& context);
std::unique_ptr<Kernel> make_channels_last(const graph::TransposedConvolution& op,
                                           const KernelContext& context);
std::unique_ptr<Kernel> make_channels_last(const graph::ChannelAffine& op, const KernelContext& context);
std::unique_ptr<Kernel> make_channels_last(const graph::GroupNorm& op, const KernelContext& context);

}  // namespace msst::backend::cpu
