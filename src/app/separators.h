#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "config/config.h"
#include "model/weight_report.h"
#include "separation/separator.h"

// The only place that knows which architectures this build can run, and how each is opened.

namespace msst::app {

struct EngineOptions {
    std::vector<std::string> devices;  // "cpu", "cuda:0"; the first is used; empty: the best there is
    std::string precision = "auto";
    std::string chunk_edges;  // msst, per_chunk; empty: as the model's configuration says
    int cpu_threads = 0;      // 0: every core
    std::function<void(double fraction)> on_loading;     // 0-1; may be empty, may throw to stop
    std::function<void(const std::string&)> on_warning;  // sentences for the administrator; may be empty
};

// Whether it is an architecture at all. Those that are not run are refused by name, with the reason, by the
// functions below.
bool has_engine(std::string_view architecture);

// Throws Error(invalid_input) for an architecture without an engine, for files that cannot be used and for a
// device that this build does not have, Error(not_found) or Error(unavailable) for files that cannot be read.
std::shared_ptr<const separation::Separator> open_separator(const catalog::Model& model,
                                                            const EngineOptions& options);

// What the files of a model with weights say, without reading a weight: whether the checkpoint opens and fits
// its configuration, and what the network costs on a processor with this precision and these threads. Throws
// as open_separator.
catalog::NetworkFacts examine_network(const catalog::Model& model, const config::Config& config);

// Name by name how the checkpoint of a model with weights fits the network of its configuration. Throws Error
// where one of the files cannot be read.
model::WeightReport report_weights(const catalog::Model& model);

}  // namespace msst::app
