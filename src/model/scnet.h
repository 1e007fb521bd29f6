#pragma once

#include "model/network.h"

namespace msst::model {

// SCNet (MSST's models/scnet/scnet.py): an encoder that samples high bands sparsely, LSTMs along frequency
// and time between Fourier transforms, a decoder that gives the spectra of all sources.
Network build_scnet(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

// The same whose output is turned into masks of the mixture (scnet_masked.py).
Network build_scnet_masked(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

// The same with transformers instead of LSTMs (scnet_tran.py).
Network build_scnet_tran(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

}  // namespace msst::model
