#pragma once

#include "model/network.h"

namespace msst::model {

// Mel-band roformer (MSST's models/bs_roformer/mel_band_roformer.py): bands of the mel scale that overlap, so
// that bins are gathered and their masks averaged; a norm after every transformer.
Network build_mel_band_roformer(const ModelConfig& config, WeightReader& weights,
                                const NetworkOptions& options);

// The same with conformer layers (mel_band_conformer.py), which have no norms around them, and mask heads
// whose depth counts all layers. Weights of the other kind are recognised and believed.
Network build_mel_band_conformer(const ModelConfig& config, WeightReader& weights,
                                 const NetworkOptions& options);

}  // namespace msst::model
