#pragma once

#include <memory>

#include "separation/separator.h"

namespace msst::dsp {

// The embedded model: training-free separation of stereo music into vocals, drums, bass and other.
// docs/models/dsp.md says how and how well. 44.1 kHz, 2 channels; the stems add up to the mixture.
std::unique_ptr<separation::Separator> make_dsp_separator();

}  // namespace msst::dsp
