#pragma once

#include "cli/wiring.h"

namespace CLI {
class App;
}

namespace msst::cli {

// Adds `bench`: how fast a network runs on a device, beside the machine's own peak measured in the same run.
// `exit_code` is set when it is called.
void add_bench_command(CLI::App& app, const Wiring& wiring, int& exit_code);

}  // namespace msst::cli
