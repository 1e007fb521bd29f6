#pragma once

#include "cli/wiring.h"

namespace CLI {
class App;
}

namespace msst::cli {

// Adds `check`: says what is wrong with a configuration file (kFailure), or shows the configuration that
// comes out of it and the environment, API keys hidden.
void add_check_command(CLI::App& app, const Wiring& wiring, int& exit_code);

}  // namespace msst::cli
