#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The roformers' RMS norm over the last axis: the floor acts on the norm itself.
//
//   inputs  x      [..., d]
//           gamma  [d]
//   y       [..., d] = x / max(||x||, floor) * sqrt(d) * gamma
struct RmsNorm {
    static constexpr const char* kName = "rms_norm";
    static constexpr int kReusedInput = 0;

    float floor = 1e-12f;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
