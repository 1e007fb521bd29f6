#include <iostream>

#include <unistd.h>

#include "app/command_line.h"
#include "app/separators.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "cli/open_catalog.h"
#include "config/load.h"
#include "store/open.h"
#include "worker/control_link.h"
#include "worker/priority.h"
#include "worker/worker.h"

namespace msst::app {
namespace {

worker::SeparatorFactory separator_factory(const catalog::Catalog& catalog, const config::Config& config,
                                           Log& log) {
    return [&](const std::string& model_type, const std::function<void(double)>& on_loading) {
        const catalog::Model* model = catalog.find(model_type);
        if (!model)
            throw Error(ErrorCode::unavailable, "model " + model_type + " is not installed any more",
                        "model_unavailable");
        return open_separator(*model,
                              {.devices = config.devices,
                               .precision = config.precision,
                               .chunk_edges = {},
                               .cpu_threads = config.cpu_threads.value_or(0),
                               .on_loading = on_loading,
                               .on_warning = [&](const std::string& text) {
                                   log.warning("engine", {{"model_type", model_type}, {"message", text}});
                               }});
    };
}

// Files the worker needs: its data, its models, and what the system's libraries look up. A model's files are
// named one by one too: they may lie, or links may lead, outside of models_dir.
SandboxRules sandbox_rules(const config::Config& config, const catalog::Catalog& catalog) {
    FileRules files{
        .readable = {"/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", config.models_dir},
        .writable = {config.data_dir}};
    for (const catalog::Model* model : catalog.available()) {
        std::vector<std::filesystem::path> paths = model->more_checkpoints;
        paths.insert(paths.end(), {model->config_path, model->checkpoint_path});
        for (const std::filesystem::path& path : paths)
            if (!path.empty()) files.readable.push_back(path);
    }
    return {.calls = SystemCalls::compute, .limits = {}, .files = std::move(files)};
}

}  // namespace

int run_worker(const WorkerCommandOptions& options) {
    const config::Loaded loaded = config::load_config(options.config_file, config::msst_environment());
    const config::Config& config = loaded.config;
    const SystemClock clock;
    // Standard output goes to the supervisor, which writes the log.
    Log log("-", parse_log_level(config.log_level));
    const catalog::Catalog catalog = cli::open_catalog(config, has_engine);
    worker::lower_priority();
    for (const std::string& missing : enter_sandbox(sandbox_rules(config, catalog)))
        log.warning("sandbox_incomplete", {{"message", missing}});

    const auto store = store::open_task_store(config.data_dir, clock);
    const auto blobs = store::open_blob_store(config.data_dir);
    worker::ControlLink link(options.is_supervised ? UniqueFd(tasks::kControlDescriptor) : UniqueFd(),
                             config.drain, clock);
    worker::Worker worker(
        {*store, *blobs, separator_factory(catalog, config, log), clock, log, link},
        {.worker_id = options.worker_id.empty() ? "operator/" + make_random_hex(8) : options.worker_id,
         .lease = config.lease,
         .max_audio_seconds = config.max_audio_hours * 3600});
    return static_cast<int>(worker.run());
}

}  // namespace msst::app
