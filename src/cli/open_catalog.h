#pragma once

#include <functional>
#include <string_view>

#include "catalog/catalog.h"
#include "config/config.h"

namespace msst::cli {

// The catalogue that a configuration describes; throws as catalog::build_catalog.
catalog::Catalog open_catalog(const config::Config& config,
                              const std::function<bool(std::string_view architecture)>& has_engine);

}  // namespace msst::cli
