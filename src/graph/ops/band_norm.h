#pragma once

#include "graph/shape.h"

namespace msst::graph {

// The roformers' RMS norm within every band.
//
//   inputs  x      [rows, sum(widths)]
//           gamma  [sum(widths)]
//   y       [rows, sum(widths)]: x / max(||x||, 1e-12) * sqrt(width) * gamma, the norm over the band
struct BandNorm {
    static constexpr const char* kName = "band_norm";
    static constexpr int kReusedInput = 0;

    std::vector<int64_t> widths;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
