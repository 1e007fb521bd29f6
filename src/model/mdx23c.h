#pragma once

#include "model/network.h"

namespace msst::model {

// MDX23C, also called TFC-TDF v3 (MSST's models/mdx23c_tfc_tdf_v3.py): a U-net of convolutions and of linear
// layers along the frequencies, on the spectrum of a song with its bins folded into sub-bands.
Network build_mdx23c(const ModelConfig& config, WeightReader& weights, const NetworkOptions& options);

}  // namespace msst::model
