#pragma once

#include <filesystem>
#include <vector>

#include "model/model_config.h"

namespace msst::checkpoint {
class Checkpoint;
}

// The files of the Demucs authors, which need no configuration of MSST's: packages, each holding the
// arguments its network was made with beside the weights, and bags, YAML files that name several packages.

namespace msst::model {

// The configuration that a package's own arguments amount to. Throws Error(invalid_input) if the checkpoint
// is none, or one of a network that is no hybrid Demucs.
ModelConfig read_package_config(const checkpoint::Checkpoint& package);

// A bag's `weights`: for each of its networks the weight of each source; empty: all alike. Throws
// Error(invalid_input) if the file is no bag, or has weights for another number of networks or sources, or
// none above zero for a source.
std::vector<std::vector<double>> read_bag_weights(const std::filesystem::path& bag, size_t networks,
                                                  size_t sources);

// Whether a YAML file is a bag and not a configuration of MSST's.
bool is_bag(const std::filesystem::path& path);

}  // namespace msst::model
