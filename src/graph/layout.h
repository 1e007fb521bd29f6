#pragma once

#include "graph/shape.h"

namespace msst::graph {

// Where a tensor of samples has its channels: [n, channels, h, w] as PyTorch, or [n, h, w, channels].
enum class Layout { channels_first, channels_last };

// [n, channels, h, w] of a tensor in either layout, and back.
Shape channels_first(const Shape& shape, Layout layout);
Shape in_layout(const Shape& channels_first, Layout layout);

}  // namespace msst::graph
