#pragma once

#include <memory>

#include "model/config_section.h"
#include "model/weights.h"

namespace msst::model {

// Weights with loralib's low-rank additions merged into them: where `<path>.lora_A` [groups * r, in] and
// `<path>.lora_B` [groups * out / parts, r] stand beside `<path>.weight` [out, in], that weight becomes
// W + lora_alpha / r * B A. With `enable_lora: [true, false, true]` the rows of W are so many parts, and one
// group of A and B belongs to each part that is enabled (loralib's MergedLinear).
//
// lora: the configuration's section of that name. Gives `weights` back as they are if they hold no additions.
// Throws Error(invalid_input) if there are additions but no section, or one whose shapes do not fit.
std::shared_ptr<const Weights> merge_lora(std::shared_ptr<const Weights> weights, const ConfigSection& lora);

}  // namespace msst::model
