#pragma once

#include "cli/wiring.h"

namespace CLI {
class App;
}

namespace msst::cli {

// Adds `separate` to the program. When it is called, Ctrl-C is watched (cli/interrupt.h) and `exit_code` set.
// Wiring and exit code must outlive the parsing.
void add_separate_command(CLI::App& app, const Wiring& wiring, int& exit_code);

}  // namespace msst::cli
