#pragma once

#include <filesystem>

#include "device/device.h"

namespace msst::device {

// The memory of this machine, or of the control group (a container, a service) where that has less. root: of
// the file systems proc and sys, for tests.
Memory machine_memory(const std::filesystem::path& root = "/");

}  // namespace msst::device
