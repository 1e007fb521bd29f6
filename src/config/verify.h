#pragma once

#include "config/config.h"
#include "config/problems.h"

namespace msst::config {

// Whether only programs of this machine can connect to `host`.
bool is_loopback(const std::string& host);

// What no key can know alone: values that contradict each other, and warnings about values without effect.
void verify(const Config& config, Problems& problems);

}  // namespace msst::config
