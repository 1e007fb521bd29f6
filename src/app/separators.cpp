#include "app/separators.h"

#include "backend/open.h"
#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "dsp/dsp_separator.h"
#include "model/demucs_package.h"
#include "model/model_types.h"
#include "model/network.h"
#include "separation/planned_network.h"

namespace msst::app {
namespace {

bool is_dsp(std::string_view architecture) {
    return architecture == catalog::embedded_model().architecture;
}

separation::NetworkSource source_of(const catalog::Model& model) {
    model::require_supported_type(model.architecture);
    return {model.architecture, model.config_path, model.checkpoint_path, model.more_checkpoints};
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
    return is_dsp(architecture) || model::is_known_type(architecture);
}

std::shared_ptr<const separation::Separator> open_separator(const catalog::Model& model,
                                                            const EngineOptions& options) {
    if (is_dsp(model.architecture)) return dsp::make_dsp_separator();
    separation::NetworkSource source = source_of(model);
    source.chunk_edges = options.chunk_edges;
    return separation::open_network_separator(source, open_backend(options), options.on_loading);
}

catalog::NetworkFacts examine_network(const catalog::Model& model, const config::Config& config) {
    const EngineOptions options = {.devices = {"cpu"},
                                   .precision = config.precision,
                                   .chunk_edges = {},
                                   .cpu_threads = config.cpu_threads.value_or(0),
                                   .on_loading = {},
                                   .on_warning = {}};
    const separation::PlannedNetwork planned =
        separation::plan_network(source_of(model), open_backend(options));
    return {.parameters = planned.parameters,
            .checkpoint_bytes = catalog::checkpoint_bytes(model),
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
    return model::report_weights(source.architecture, model::read_config_for(source.config_path, *checkpoint),
                                 model::make_checkpoint_weights(checkpoint));
}

}  // namespace msst::app
