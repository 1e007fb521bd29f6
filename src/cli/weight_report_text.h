#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "model/weight_report.h"

namespace msst::cli {

// "2 weights are missing, 1 has another shape, 3 are not used", the problem if there is no such fault, or
// "ok".
std::string summarise(const model::WeightReport& report);

// What the file holds and every fault, a line each, indented; of long lists only the beginning.
std::string to_text(const model::WeightReport& report);

// Everything, weights with their shapes.
nlohmann::ordered_json report_json(const model::WeightReport& report);

}  // namespace msst::cli
