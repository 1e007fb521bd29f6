#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "cli/open_catalog.h"
#include "model/weight_report.h"
#include "separation/separator.h"

// What main hands to the commands.

namespace msst::cli {

// How a model is loaded.
struct DeviceChoice {
    std::vector<std::string> devices;  // "cpu", "cuda:0"; empty: the best there is
    std::string precision = "auto";    // auto float32 bfloat16 float16
    int cpu_threads = 0;               // 0: every core
    std::string chunk_edges;           // msst per_chunk; empty: as the model's configuration says
};

// Loads a model. Throws Error(invalid_input or unavailable) with a sentence for the user.
using SeparatorFactory =
    std::function<std::shared_ptr<const separation::Separator>(const catalog::Model&, const DeviceChoice&)>;

struct Wiring {
    SeparatorFactory make_separator;
    std::function<bool(std::string_view architecture)> has_engine;
    NetworkExaminer examine;  // may be empty
    // How a checkpoint fits its network. Throws Error where the files cannot be read. May be empty.
    std::function<model::WeightReport(const catalog::Model&)> report_weights;
    std::map<std::string, std::string> environment;  // MSST_… of the process
    const Clock& clock;
    std::ostream& out;
    std::ostream& err;
    int err_columns = 0;  // width of the terminal behind `err`; 0: it is none
};

// Exit codes of the commands.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;  // something failed; what could be done was done
inline constexpr int kUsage = 2;    // nothing was done, the command line is wrong
inline constexpr int kInterrupted = 130;

}  // namespace msst::cli
