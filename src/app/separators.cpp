#include "app/separators.h"

#include <algorithm>

#include "backend/open.h"
#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "dsp/dsp_separator.h"
#include "model/network.h"
#include "separation/planned_network.h"

namespace msst::app {
namespace {

bool is_dsp(std::string_view architecture) {
    return architecture == catalog::embedded_model().architecture;
}

separation::NetworkSource source_of(const catalog::Model& model) {
    if (!has_engine(model.architecture))
        throw Error(ErrorCode::invalid_input, "model " + model.model_type +
                                                  ": this build of msst has no engine for the architecture " +
                                                  model.architecture);
    return {model.architecture, model.config_path, model.checkpoint_path};
}

std::shared_ptr<const graph::Backend> open_backend(const EngineOptions& options) {
    const std::string device = options.devices.empty() ? "cpu" : options.devices.front();
    const backend::OpenBackend opened =
        backend::open_backend(device, {.precision = options.precision, .cpu_threads = options.cpu_threads});
    if (options.on_warning)
        for (const std::string& warning : opened.warnings) options.on_warning(warning);
    return opened.backend;
}

}  // namespace

bool has_engine(std::string_view architecture) {
    const std::vector<std::string> networks = model::supported_architectures();
    return is_dsp(architecture) || std::ranges::count(networks, architecture) > 0;
}

std::shared_ptr<const separation::Separator> open_separator(const catalog::Model& model,
                                                            const EngineOptions& options) {
    if (is_dsp(model.architecture)) return dsp::make_dsp_separator();
    separation::NetworkSource source = source_of(model);
    source.chunk_edges = options.chunk_edges;
    return separation::open_network_separator(source, open_backend(options), options.on_loading);
}

catalog::NetworkFacts examine_network(const catalog::Model& model) {
    const separation::PlannedNetwork planned =
        separation::plan_network(source_of(model), backend::open_backend("cpu", {}).backend);
    std::error_code failed;
    const auto size = std::filesystem::file_size(model.checkpoint_path, failed);
    return {.parameters = planned.parameters,
            .checkpoint_bytes = failed ? 0 : static_cast<int64_t>(size),
            .chunk_seconds = planned.chunk_seconds(),
            .num_overlap = planned.rules.num_overlap,
            .device_bytes = planned.device_bytes(),
            .gflop_per_second_of_audio = planned.flops_per_audio_second() / 1e9,
            .warnings = planned.warnings};
}

model::WeightReport report_weights(const catalog::Model& model) {
    const separation::NetworkSource source = source_of(model);
    const auto checkpoint =
        std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(source.checkpoint_path));
    return model::report_weights(source.architecture, model::read_model_config(source.config_path),
                                 model::make_checkpoint_weights(checkpoint));
}

}  // namespace msst::app
