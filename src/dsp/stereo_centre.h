#pragma once

#include <span>

#include "dsp/stft.h"

namespace msst::dsp {

// centre[bin], 0-1: how much of a bin comes from the middle of the stereo field. The similarity of the
// channels, 2 Re(L R*) / (|L|² + |R|²) (Avendano & Jot 2002), cubed: 1 for equal channels, 0 for a source on
// one side only, for unrelated and for opposite channels.
void find_centre(const Spectrum& left, const Spectrum& right, std::span<float> centre);

}  // namespace msst::dsp
