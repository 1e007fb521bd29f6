#include "graph/layout.h"

namespace msst::graph {

Shape channels_first(const Shape& shape, Layout layout) {
    if (layout == Layout::channels_first) return shape;
    return {shape[0], shape[3], shape[1], shape[2]};
}

Shape in_layout(const Shape& shape, Layout layout) {
    if (layout == Layout::channels_first) return shape;
    return {shape[0], shape[2], shape[3], shape[1]};
}

}  // namespace msst::graph
