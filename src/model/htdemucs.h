#pragma once

#include "model/network.h"

namespace msst::model {

// The hybrid Demucs networks, on a spectrogram and a waveform at once: htdemucs (MSST's models/demucs4ht.py)
// and hdemucs (Demucs v3), as the word after `model:` says.
Network build_htdemucs(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

}  // namespace msst::model
