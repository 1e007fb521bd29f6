#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A tensor brought to mean 0 and deviation 1, or back to where it came from.
//
//   inputs  x        any shape
//           moments  [2]: mean, deviation, from Moments
//   y       of x's shape; may take its memory
//
// forward: (x - mean) / (deviation + floor); inverse: x * deviation + mean.
struct Standardize {
    static constexpr const char* kName = "standardize";
    static constexpr int kReusedInput = 0;
    enum class Direction { forward, inverse };

    Direction direction = Direction::forward;
    float floor = 1e-5f;

    // y = x * factor + summand.
    float factor(float deviation) const {
        return direction == Direction::forward ? 1.0f / (deviation + floor) : deviation;
    }
    float summand(float mean, float deviation) const {
        return direction == Direction::forward ? -mean / (deviation + floor) : mean;
    }

    Shape infer(InputShapes inputs) const;
    double flops(InputShapes inputs, const Shape& output) const;
};

}  // namespace msst::graph
