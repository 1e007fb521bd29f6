#pragma once

#include "model/network.h"

namespace msst::model {

// Apollo (MSST's models/look2hear/models/apollo.py): restores what lossy compression took away. Every channel
// by itself; 80 bands as tokens, attention between the bands of a frame, convolutions along the frames of a
// band. What comes out is the spectrum itself, of one stem.
Network build_apollo(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

}  // namespace msst::model
