#pragma once

#include <functional>
#include <string_view>

#include "catalog/build.h"
#include "config/config.h"

namespace msst::cli {

// The catalogue that a configuration describes; throws as catalog::build_catalog. examine may be empty.
catalog::Catalog open_catalog(const config::Config& config,
                              const std::function<bool(std::string_view architecture)>& has_engine,
                              const catalog::Examine& examine = {});

}  // namespace msst::cli
