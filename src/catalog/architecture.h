#pragma once

#include <string>

#include "yaml/node.h"

namespace msst::catalog {

// MSST's type string for a model configuration: what it says itself (training.model_type), else what the keys
// of its sections give away. Empty when they give nothing away. Types that differ in their weights only
// cannot be told apart here: scnet_masked is taken for scnet unless the file or the administrator says so.
std::string find_architecture(const yaml::Node& root);

// What the configuration says itself (training.model_type); empty when it says nothing.
std::string stated_architecture(const yaml::Node& root);

}  // namespace msst::catalog
