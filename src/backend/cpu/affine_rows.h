#pragma once

#include <cstdint>

#include "backend/cpu/storage.h"
#include "graph/activation.h"

namespace msst::backend::cpu {

// y = activation(x * scale + shift). y may be x.
void affine_row(Buffer x, int64_t count, float scale, float shift, const graph::Activation& activation,
                Buffer y);

}  // namespace msst::backend::cpu
