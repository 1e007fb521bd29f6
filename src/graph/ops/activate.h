#pragma once

#include "graph/activation.h"
#include "graph/shape.h"

namespace msst::graph {

// An activation that nothing could be fused with.
//
//   input  any shape
//   y      of that shape; may take its memory
struct Activate {
    static constexpr const char* kName = "activate";
    static constexpr int kReusedInput = 0;

    Activation activation;

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
