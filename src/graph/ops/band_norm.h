#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The RMS norm (rms_norm.h) within every band.
//
//   inputs  x      [rows, sum(widths)]
//           gamma  [sum(widths)]
//   y       [rows, sum(widths)]: x / sqrt(max(||x||, 1e-12)^2 / width + epsilon) * gamma, the norm over the
//   band
struct BandNorm {
    static constexpr const char* kName = "band_norm";
    static constexpr int kReusedInput = 0;

    std::vector<int64_t> widths;
    float epsilon = 0;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
