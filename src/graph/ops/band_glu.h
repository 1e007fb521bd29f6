#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A gated linear unit in every band: the first half of a band times the sigmoid of its second half.
//
//   input  [rows, 2 * sum(widths)]  band b holds 2 * widths[b] numbers
//   y      [rows, sum(widths)]
struct BandGlu {
    static constexpr const char* kName = "band_glu";
    static constexpr int kReusedInput = -1;

    std::vector<int64_t> widths;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
