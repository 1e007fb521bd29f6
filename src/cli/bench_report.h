#pragma once

#include <string>

#include "cli/bench.h"

namespace msst::cli {

std::string to_json(const BenchResult& result);
std::string to_text(const BenchResult& result);

}  // namespace msst::cli
