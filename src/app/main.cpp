#include <cstdio>
#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>
#include <sodium.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/command_line.h"
#include "app/separators.h"
#include "base/error.h"
#include "base/fork_server.h"
#include "cli/bench_command.h"
#include "cli/check_command.h"
#include "cli/models_command.h"
#include "cli/separate_command.h"
#include "config/load.h"
#include "worker/probe_main.h"

// The program's only globals are the process itself: main builds the parts and hands them down.

namespace msst::app {
namespace {

// Width of the terminal behind standard error; 0: it is none.
int terminal_columns() {
    winsize size{};
    if (!::isatty(STDERR_FILENO) || ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

struct Options {
    ServeOptions serve;
    WorkerCommandOptions worker;
};

void add_serve(CLI::App& app, ServeOptions& options, int& exit_code) {
    auto* command = app.add_subcommand("serve", "Run the API server and its workers");
    command->add_option("-c,--config", options.config_file, "Configuration file (default: ./msst.yaml)");
    command->footer("Examples:\n  msst serve\n  MSST_PORT=9000 msst serve -c /etc/msst/msst.yaml");
    command->callback([&] { exit_code = run_serve(options); });
}

void add_worker(CLI::App& app, WorkerCommandOptions& options, int& exit_code) {
    auto* command = app.add_subcommand("worker", "Run one more worker on the data directory of a server");
    command->add_option("-c,--config", options.config_file, "The server's configuration file");
    command->add_option("--worker-id", options.worker_id)->group("");
    command->add_option("--device", options.device,
                        "What it runs models on (default: the first of `devices`)");
    command->add_flag("--shares-device", options.shares_device)->group("");
    command->add_flag("--supervised", options.is_supervised)->group("");
    command->footer("`msst serve` starts its own workers. This one stops at SIGTERM, after its task.");
    command->callback([&] { exit_code = run_worker(options); });
}

// Forks a child for each upload that is to be looked at; only `msst serve` calls it.
void add_probe(CLI::App& app) {
    auto* command = app.add_subcommand("probe-audio")->group("");
    command->callback([] { run_fork_server(/*socket=*/3, worker::run_probe_child); });
}

cli::Wiring make_wiring(const Clock& clock) {
    const auto warn = [](const std::string& text) { std::cerr << "msst: warning: " << text << std::endl; };
    return {.make_separator =
                [warn](const catalog::Model& model, const cli::DeviceChoice& choice) {
                    return open_separator(model, {.devices = choice.devices,
                                                  .precision = choice.precision,
                                                  .chunk_edges = choice.chunk_edges,
                                                  .cpu_threads = choice.cpu_threads,
                                                  .on_loading = {},
                                                  .on_warning = warn});
                },
            .has_engine = has_engine,
            .examine = examine_network,
            .report_weights = report_weights,
            .environment = config::msst_environment(),
            .clock = clock,
            .out = std::cout,
            .err = std::cerr,
            .err_columns = terminal_columns()};
}

int run(int argc, char** argv) {
    CLI::App app("Separates music into its sources: an API server, and the same on the command line.",
                 "msst");
    app.set_version_flag("--version", std::string("msst ") + MSST_VERSION);
    app.require_subcommand(1);
    const SystemClock clock;
    const cli::Wiring wiring = make_wiring(clock);
    Options options;
    int exit_code = 0;
    add_serve(app, options.serve, exit_code);
    cli::add_separate_command(app, wiring, exit_code);
    cli::add_models_command(app, wiring, exit_code);
    cli::add_check_command(app, wiring, exit_code);
    cli::add_bench_command(app, wiring, exit_code);
    add_worker(app, options.worker, exit_code);
    add_probe(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? cli::kSuccess : cli::kUsage;
    }
    return exit_code;
}

}  // namespace
}  // namespace msst::app

int main(int argc, char** argv) {
    if (sodium_init() < 0) {
        std::cerr << "msst: libsodium does not work on this machine\n";
        return msst::cli::kFailure;
    }
    try {
        return msst::app::run(argc, argv);
    } catch (const msst::Error& error) {
        std::cerr << "msst: " << error.what() << "\n";
        return error.code() == msst::ErrorCode::invalid_input ? msst::cli::kUsage : msst::cli::kFailure;
    } catch (const std::exception& error) {
        std::cerr << "msst: " << error.what() << "\n";
        return msst::cli::kFailure;
    }
}
