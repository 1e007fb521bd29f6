#pragma once

#include "catalog/catalog.h"

namespace msst::catalog {

// What the Demucs package at model.checkpoint_path says of itself, in place of a config.yaml: architecture,
// instruments, sample rate, channels. Throws Error(invalid_input) when it is no package.
void read_demucs_package(Model& model);

}  // namespace msst::catalog
