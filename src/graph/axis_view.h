#pragma once

#include "graph/shape.h"

namespace msst::graph {

// A tensor seen from one axis: [before, size, after].
struct AxisView {
    int64_t before = 1;
    int64_t size = 1;
    int64_t after = 1;

    int64_t at(int64_t b, int64_t i, int64_t a) const { return (b * size + i) * after + a; }
};

inline AxisView view_axis(const Shape& shape, int axis) {
    AxisView view;
    for (int i = 0; i < axis; ++i) view.before *= shape[i];
    view.size = shape[axis];
    for (size_t i = axis + 1; i < shape.size(); ++i) view.after *= shape[i];
    return view;
}

}  // namespace msst::graph
