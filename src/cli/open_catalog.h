#pragma once

#include <functional>
#include <string_view>

#include "catalog/build.h"
#include "config/config.h"

namespace msst::cli {

// catalog::Examine for a configuration: what a network costs depends on the precision it asks for.
using NetworkExaminer =
    std::function<catalog::NetworkFacts(const catalog::Model& model, const config::Config& config)>;

// The catalogue that a configuration describes; throws as catalog::build_catalog. examine may be empty.
catalog::Catalog open_catalog(const config::Config& config,
                              const std::function<bool(std::string_view architecture)>& has_engine,
                              const NetworkExaminer& examine = {});

}  // namespace msst::cli
