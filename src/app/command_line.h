#pragma once

#include <filesystem>
#include <optional>
#include <string>

// What serve, worker and probe-audio are called with.

namespace msst::app {

struct ServeOptions {
    std::optional<std::filesystem::path> config_file;
};

struct WorkerCommandOptions {
    std::optional<std::filesystem::path> config_file;
    std::string worker_id;       // empty: one is made up (an operator started it)
    std::string device;          // empty: the first of the configuration
    bool shares_device = false;  // other workers run on it too
    // Started by serve: tasks::kControlDescriptor is the supervisor's socket, tasks::kConfigDescriptor the
    // configuration.
    bool is_supervised = false;
};

// Each returns the exit status of the process.
int run_serve(const ServeOptions& options);
int run_worker(const WorkerCommandOptions& options);

}  // namespace msst::app
