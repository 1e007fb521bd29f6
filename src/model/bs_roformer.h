#pragma once

#include "model/network.h"

namespace msst::model {

// Band-split roformer (MSST's models/bs_roformer/bs_roformer.py): bands that do not overlap, given by
// `freqs_per_bands`; one norm after the last block.
Network build_bs_roformer(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

// The same with conformer layers (bs_conformer.py). Weights of the other kind are recognised and believed, so
// the two differ in made-up weights only.
Network build_bs_conformer(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

}  // namespace msst::model
