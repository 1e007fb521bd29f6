#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The RMS norm over the last axis: the roformers' has a floor under the norm itself, others add an epsilon.
//
//   inputs  x      [..., d]
//           gamma  [d]
//   y       [..., d] = x / sqrt(max(||x||, floor)^2 / d + epsilon) * gamma
struct RmsNorm {
    static constexpr const char* kName = "rms_norm";
    static constexpr int kReusedInput = 0;

    float floor = 1e-12f;
    float epsilon = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
