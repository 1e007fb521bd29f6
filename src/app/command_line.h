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
    bool is_supervised = false;  // the descriptor tasks::kControlDescriptor is the supervisor's socket
};

// Each returns the exit status of the process.
int run_serve(const ServeOptions& options);
int run_worker(const WorkerCommandOptions& options);

}  // namespace msst::app
