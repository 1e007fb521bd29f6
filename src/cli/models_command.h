#pragma once

#include "cli/wiring.h"

namespace CLI {
class App;
}

namespace msst::cli {

// Adds `models list`, `models show NAME` and `models verify [NAME]`. `exit_code` is set when one is called;
// verify loads each model and gives kFailure when one of them cannot be used.
void add_models_command(CLI::App& app, const Wiring& wiring, int& exit_code);

}  // namespace msst::cli
