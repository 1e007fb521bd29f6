#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/command_line.h"
#include "app/http_service.h"
#include "app/instance_lock.h"
#include "app/periodic_jobs.h"
#include "app/separators.h"
#include "backend/open.h"
#include "base/end_signals.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "cli/open_catalog.h"
#include "config/example.h"
#include "config/load.h"
#include "store/open.h"
#include "supervisor/janitor.h"
#include "supervisor/janitor_thread.h"
#include "supervisor/node_name.h"
#include "supervisor/prober.h"
#include "supervisor/slots.h"
#include "supervisor/supervisor.h"

namespace msst::app {
namespace {

// How long what is being downloaded may go on after the workers have drained.
constexpr Milliseconds kHttpPatience{5'000};
constexpr Milliseconds kSweepInterval{2'000};
constexpr int kBlockingThreads = 16;

std::filesystem::path own_program() {
    return std::filesystem::read_symlink("/proc/self/exe");
}

std::filesystem::path log_target(const config::Config& config) {
    return config.log_file.empty() ? config.data_dir / "msst.log" : std::filesystem::path(config.log_file);
}

// Throws Error(invalid_input) for a device that this build can do nothing with.
std::vector<std::string> used_devices(const config::Config& config) {
    if (config.devices.empty()) return {"cpu"};
    const std::vector<std::string> backends = backend::backend_names();
    for (const std::string& device : config.devices) {
        const bool is_simulated =
            std::ranges::count(config.simulated_devices, device, &config::SimulatedDevice::name) > 0;
        const std::string kind = device.substr(0, device.find(':'));
        if (!is_simulated && std::ranges::count(backends, kind) == 0)
            throw Error(
                ErrorCode::invalid_input,
                "devices names " + device + ", but this build of msst has nothing that computes on it",
                "invalid_configuration");
    }
    return config.devices;
}

// On a CPU one task runs at a time with all cores, whatever worker_threads says: two songs at once would take
// the same time and twice the memory (R11.2).
std::vector<supervisor::WorkerSlot> make_slots(const config::Config& config, Log& log) {
    const std::vector<std::string> devices = used_devices(config);
    const bool has_only_cpu = std::ranges::count(devices, "cpu") == std::ssize(devices);
    const int wanted = config.worker_threads.value_or(static_cast<int>(devices.size()));
    const int count = has_only_cpu && !config.allow_cpu_concurrency ? std::min(wanted, 1) : wanted;
    if (count < wanted)
        log.warning("worker_threads_limited",
                    {{"worker_threads", wanted},
                     {"used", count},
                     {"reason", "only a CPU is available; allow_cpu_concurrency: true lifts this"}});
    return supervisor::spread_slots(devices, count);
}

// What workers need to know: the configuration as the server read it, whatever becomes of the file. Workers
// that share the processor share its cores too.
std::string worker_config(const config::Config& config, const std::vector<supervisor::WorkerSlot>& slots) {
    config::Config shown = config;
    const auto on_cpu = std::ranges::count(slots, "cpu", &supervisor::WorkerSlot::device);
    if (!config.cpu_threads && on_cpu > 1)
        shown.cpu_threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency() / on_cpu));
    return config::show_config_for_workers(shown);
}

// config_file: for workers; outlives the supervisor.
supervisor::SupervisorOptions supervisor_options(const config::Config& config,
                                                 const std::vector<supervisor::WorkerSlot>& slots,
                                                 int config_file) {
    return {.slots = slots,
            .node = supervisor::node_name(config.data_dir),
            .command =
                [config_file](const supervisor::WorkerSlot& slot, const std::string& worker_id) {
                    supervisor::WorkerCommand command{.program = own_program(),
                                                      .arguments = {"worker", "--supervised", "--worker-id",
                                                                    worker_id, "--device", slot.device}};
                    if (slot.shares_device) command.arguments.emplace_back("--shares-device");
                    // Threads that wait for each other sleep instead of spinning: the API needs the cores
                    // too.
                    command.environment = {"OMP_WAIT_POLICY=passive"};
                    command.descriptors = {config_file};
                    return command;
                },
            .max_attempts = config.max_attempts,
            .silence_timeout = config.lease,
            .progress_timeout = config.progress_timeout};
}

supervisor::JanitorOptions janitor_options(const config::Config& config) {
    return {.completed_retention = from_hours(config.cleanup_retention_hours),
            .failed_retention = from_hours(config.failed_retention_hours),
            .record_retention = from_hours(config.metadata_retention_hours)};
}

http::WorkerStatus shown_status(const supervisor::WorkerStatus& status) {
    http::WorkerStatus shown{.configured = static_cast<int>(status.slots.size()),
                             .alive = status.alive(),
                             .busy = status.busy(),
                             .restarts = status.restarts(),
                             .gpus = {},
                             .is_draining = status.is_draining,
                             .largest_device_bytes = status.largest_device()};
    for (const supervisor::SlotStatus& slot : status.slots) {
        shown.slots.push_back({.name = slot.name,
                               .device = slot.device,
                               .is_alive = slot.is_alive,
                               .is_busy = slot.is_busy,
                               .model = slot.model});
        const bool is_known = std::ranges::count(shown.devices, slot.device, &http::DeviceStatus::name) > 0;
        if (slot.memory && !is_known)
            shown.devices.push_back({slot.device, slot.memory->total_bytes, slot.memory->free_bytes});
        const bool is_gpu = slot.device.starts_with("cuda");
        if (is_gpu && std::ranges::count(shown.gpus, slot.device) == 0) shown.gpus.push_back(slot.device);
    }
    return shown;
}

// The configuration was read with its keys in clear: they must not end up in a core dump, nor be looked at by
// another process of the same user.
void keep_memory_to_ourselves() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool is_readable(int descriptor, Milliseconds timeout) {
    pollfd wanted{descriptor, POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(timeout.count())) > 0;
}

// One running server. Members are in the order in which they depend on each other.
class Serve {
public:
    explicit Serve(const config::Loaded& loaded)
        : config_(loaded.config),
          lock_(config_.data_dir),
          log_(log_target(config_), parse_log_level(config_.log_level)),
          catalog_(cli::open_catalog(config_, has_engine, examine_network)),
          store_(store::open_task_store(config_.data_dir, clock_)),
          blobs_(store::open_blob_store(config_.data_dir)),
          prober_({.program = own_program(), .arguments = {"probe-audio"}}, log_),
          slots_(make_slots(config_, log_)),
          worker_config_(make_memory_file("msst-config", worker_config(config_, slots_))),
          supervisor_(supervisor_options(config_, slots_, worker_config_.get()), *store_, clock_, log_),
          blocking_(kBlockingThreads),
          http_(config_, services()),
          janitor_(*store_, *blobs_, clock_, log_, janitor_options(config_)),
          jobs_(log_) {
        for (const std::string& warning : loaded.warnings) warn("configuration", warning);
        for (const catalog::Model& model : catalog_.all())
            if (model.state != catalog::ModelState::available)
                warn("model_excluded", model.model_type + ": " + model.problem);
            else if (model.network)
                for (const std::string& warning : model.network->warnings)
                    warn("model_warning", model.model_type + ": " + warning);
    }

    void run(EndSignals& signals) {
        http_.start();  // first: where the port is taken, no worker is started
        supervisor_.start();
        jobs_.add("sweep_deleted", kSweepInterval, [this] { http_.routes().sweep_deleted(); });
        jobs_.start();
        const supervisor::JanitorThread janitor_thread(janitor_, log_);
        announce();
        wait_for_signal(signals);
        drain(signals);
    }

private:
    http::Services services() {
        return {.store = *store_,
                .blobs = *blobs_,
                .catalog = catalog_,
                .clock = clock_,
                .log = log_,
                .blocking = blocking_,
                .audio_check = [this](const std::filesystem::path& file) { return prober_.check(file); },
                .worker_status = [this] { return shown_status(supervisor_.status()); },
                .on_task_added = [this] { supervisor_.wake(); },
                .settings = make_settings(config_)};
    }

    void warn(const char* event, const std::string& text) {
        log_.warning(event, {{"message", text}});
        std::cerr << "msst: warning: " << text << std::endl;
    }

    void announce() {
        const bool is_ipv6 = config_.host.find(':') != std::string::npos;
        const std::string host = is_ipv6 ? "[" + config_.host + "]" : config_.host;
        const std::string url = "http://" + host + ":" + std::to_string(http_.port());
        log_.info("started", {{"version", MSST_VERSION}, {"url", url}, {"process", ::getpid()}});
        std::cout << "msst " << MSST_VERSION << " listening on " << url << " (API: " << url << "/docs)"
                  << std::endl;
    }

    static void wait_for_signal(EndSignals& signals) {
        while (signals.take() == 0) is_readable(signals.descriptor(), std::chrono::hours(1));
    }

    // Readiness says no, the workers finish or give back, answers under way are finished. A second signal
    // ends it at once: the tasks are durable.
    void drain(EndSignals& signals) {
        supervisor_.begin_drain(config_.drain);
        log_.info("draining", {{"limit_seconds", config_.drain.count() / 1000.0}});
        const std::jthread impatience([&signals, this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                if (!is_readable(signals.descriptor(), Milliseconds(100))) continue;
                log_.warning("ended_at_once", {{"reason", "second signal"}});
                ::_exit(1);
            }
        });
        jobs_.stop();
        supervisor_.finish_drain();
        http_.drain(kHttpPatience);
        http_.join();
        blocking_.join();
        log_.info("stopped", {});
    }

    config::Config config_;
    SystemClock clock_;
    InstanceLock lock_;
    Log log_;
    catalog::Catalog catalog_;
    std::unique_ptr<tasks::TaskStore> store_;
    std::unique_ptr<tasks::BlobStore> blobs_;
    supervisor::Prober prober_;
    std::vector<supervisor::WorkerSlot> slots_;
    UniqueFd worker_config_;
    supervisor::Supervisor supervisor_;
    boost::asio::thread_pool blocking_;
    HttpService http_;
    supervisor::Janitor janitor_;
    PeriodicJobs jobs_;
};

}  // namespace

int run_serve(const ServeOptions& options) {
    ::umask(0077);  // what is written is for its owner only, the log too
    EndSignals signals;
    const config::Loaded loaded = config::load_config(options.config_file, config::msst_environment());
    if (!loaded.config.api_keys.empty()) keep_memory_to_ourselves();
    Serve(loaded).run(signals);
    return 0;
}

}  // namespace msst::app
