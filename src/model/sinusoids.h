#pragma once

#include "graph/graph.h"

// Tables of sines and cosines that are added to tokens, computed when they are compiled.

namespace msst::model {

// [length, 1, width]: cosines of position / period^(r / (width / 2 - 1)) in the first half, sines in the
// second, all times `weight`.
graph::Constant sinusoids_1d(int64_t length, int64_t width, double period, double weight);

// [bins * frames, 1, width], bin by bin: the first half of a row is about the frame, the second about the
// bin; in each, with w_r = period^(-2r / (width / 2)), element 2r is sin(position w_r), 2r + 1 the cosine.
graph::Constant sinusoids_2d(int64_t bins, int64_t frames, int64_t width, double period, double weight);

}  // namespace msst::model
