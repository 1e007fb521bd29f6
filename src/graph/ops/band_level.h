#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Tells every band's level from its shape.
//
//   input  [rows, sum(widths)]
//   y      [rows, sum(widths) + bands]: of each band its numbers divided by its level, then log(level);
//          level = sqrt(sum of the band's squares + epsilon)
struct BandLevel {
    static constexpr const char* kName = "band_level";
    static constexpr int kReusedInput = -1;

    std::vector<int64_t> widths;
    float epsilon = 0x1p-23f;  // of torch.float32

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
