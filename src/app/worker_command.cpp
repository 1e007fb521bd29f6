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

worker::SeparatorFactory separator_factory(const catalog::Catalog& catalog) {
    return [&catalog](const std::string& model_type, const std::function<void(double)>&) {
        const catalog::Model* model = catalog.find(model_type);
        if (!model)
            throw Error(ErrorCode::unavailable, "model " + model_type + " is not installed any more",
                        "model_unavailable");
        return open_separator(*model);
    };
}

// Files the worker needs: its data, its models, and what the system's libraries look up.
SandboxRules sandbox_rules(const config::Config& config) {
    return {.calls = SystemCalls::compute,
            .limits = {},
            .files = FileRules{
                .readable = {"/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", config.models_dir},
                .writable = {config.data_dir}}};
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
    for (const std::string& missing : enter_sandbox(sandbox_rules(config)))
        log.warning("sandbox_incomplete", {{"message", missing}});

    const auto store = store::open_task_store(config.data_dir, clock);
    const auto blobs = store::open_blob_store(config.data_dir);
    worker::ControlLink link(options.is_supervised ? UniqueFd(tasks::kControlDescriptor) : UniqueFd(),
                             config.drain, clock);
    worker::Worker worker(
        {*store, *blobs, separator_factory(catalog), clock, log, link},
        {.worker_id = options.worker_id.empty() ? "operator/" + make_random_hex(8) : options.worker_id,
         .lease = config.lease,
         .max_audio_seconds = config.max_audio_hours * 3600});
    return static_cast<int>(worker.run());
}

}  // namespace msst::app
