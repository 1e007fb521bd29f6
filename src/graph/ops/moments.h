#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Mean and standard deviation of a whole tensor, as torch.mean and torch.std give them: the deviation is the
// unbiased one (divided by one less than there are elements).
//
//   input  any shape with at least 2 elements
//   y      [2]: mean, deviation
struct Moments {
    static constexpr const char* kName = "moments";
    static constexpr int kReusedInput = -1;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
