#pragma once

#include "graph/activation.h"
#include "graph/shape.h"

namespace msst::graph {

// A linear layer of its own for every band.
//
//   inputs  x       [rows, sum(in_widths)]
//           weight  [sum(in_widths[b] * out_widths[b])]  the bands' [out, in] matrices one after another
//           bias    [sum(out_widths)]
//   y       [rows, sum(out_widths)] = activation(x weight^T + bias)
struct BandLinear {
    static constexpr const char* kName = "band_linear";
    static constexpr int kReusedInput = -1;

    std::vector<int64_t> in_widths;
    std::vector<int64_t> out_widths;
    Activation activation = Activation::none;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
