#pragma once

#include <memory>
#include <string_view>

#include "catalog/catalog.h"
#include "separation/separator.h"

// The only place that knows which architectures this build can run, and how each is opened.

namespace msst::app {

bool has_engine(std::string_view architecture);

// Throws Error(invalid_input) for an architecture without an engine.
std::shared_ptr<const separation::Separator> open_separator(const catalog::Model& model);

}  // namespace msst::app
