#pragma once

#include "config/readers.h"

namespace msst::config {

// The key `devices`: auto, or a list of names and of descriptions of simulated devices.
Key devices_key(const KeyText& text);

}  // namespace msst::config
