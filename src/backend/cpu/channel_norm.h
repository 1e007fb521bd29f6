#pragma once

#include <memory>

#include "backend/cpu/kernel.h"

namespace msst::backend::cpu {

// Group norm of tensors with their channels last, for any number of groups.
std::unique_ptr<Kernel> make_channel_norm(const graph::GroupNorm& op, const KernelContext& context);

}  // namespace msst::backend::cpu
