#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "app/command_line.h"
#include "app/separators.h"
#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "cli/open_catalog.h"
#include "config/load.h"
#include "device/cpu_device.h"
#include "device/simulated_device.h"
#include "store/open.h"
#include "worker/control_link.h"
#include "worker/priority.h"
#include "worker/worker.h"

namespace msst::app {
namespace {

// What this worker runs models on.
struct WorkerDevice {
    std::string name;
    std::unique_ptr<device::SimulatedDevice> simulated;  // none: it is real
    std::unique_ptr<device::Device> memory;              // none: what a simulated one says, or nobody knows
};

device::Fault parse_fault(const std::string& word) {
    if (word == "hold") return device::Fault::hold;
    if (word == "hang") return device::Fault::hang;
    if (word == "crash") return device::Fault::crash;
    return word == "error" ? device::Fault::error : device::Fault::none;
}

WorkerDevice open_device(const config::Config& config, const std::string& wanted) {
    WorkerDevice device{.name = wanted, .simulated = {}, .memory = {}};
    if (wanted.empty()) device.name = config.devices.empty() ? "cpu" : config.devices.front();
    const auto simulated =
        std::ranges::find(config.simulated_devices, device.name, &config::SimulatedDevice::name);
    if (simulated != config.simulated_devices.end())
        device.simulated = std::make_unique<device::SimulatedDevice>(
            device::SimulatedSpec{.name = simulated->name,
                                  .memory_bytes = simulated->memory,
                                  .speed = simulated->speed,
                                  .fault = parse_fault(simulated->fault),
                                  .fault_while = simulated->fault_while});
    else if (device.name == "cpu")
        device.memory = std::make_unique<device::CpuDevice>();
    return device;
}

tasks::Room room_on(const WorkerDevice& device) {
    tasks::Room room{.device = device.name};
    const device::Device* asked = device.simulated ? device.simulated.get() : device.memory.get();
    if (!asked) return room;
    const device::Memory memory = asked->memory();
    room.total_bytes = memory.total_bytes;
    room.free_bytes = memory.free_bytes;
    return room;
}

separation::SeparatorInfo separator_info(const catalog::Model& model) {
    return {
        .instruments = model.instruments, .sample_rate = model.sample_rate, .channels = model.stereo ? 2 : 1};
}

worker::SeparatorFactory separator_factory(const catalog::Catalog& catalog, const config::Config& config,
                                           const WorkerDevice& device, Log& log) {
    return [&](const std::string& model_type, const std::function<void(double)>& on_loading) {
        const catalog::Model* model = catalog.find(model_type);
        if (!model)
            throw Error(ErrorCode::unavailable, "model " + model_type + " is not installed any more",
                        "model_unavailable");
        if (device.simulated) return device.simulated->make_separator(separator_info(*model));
        return open_separator(*model,
                              {.devices = {device.name},
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

config::Loaded load_config(const WorkerCommandOptions& options) {
    if (!options.is_supervised) return config::load_config(options.config_file, config::msst_environment());
    // The environment is in it already.
    return config::parse_config(read_file("/proc/self/fd/" + std::to_string(tasks::kConfigDescriptor)),
                                "the server's configuration", /*environment=*/{});
}

}  // namespace

int run_worker(const WorkerCommandOptions& options) {
    const config::Loaded loaded = load_config(options);
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
    const WorkerDevice device = open_device(config, options.device);
    worker::Worker worker(
        {*store, *blobs, separator_factory(catalog, config, device, log), clock, log, link},
        {.worker_id = options.worker_id.empty() ? "operator/" + make_random_hex(8) : options.worker_id,
         .lease = config.lease,
         .max_audio_seconds = config.max_audio_hours * 3600,
         .room = [&device] { return room_on(device); },
         .shares_device = options.shares_device});
    return static_cast<int>(worker.run());
}

}  // namespace msst::app
