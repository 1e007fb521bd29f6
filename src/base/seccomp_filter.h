#pragma once

#include "base/sandbox.h"

namespace msst {

// What the build itself needs: sanitizers trace their own process, and look at memory through a pipe.
enum class Instrumentation { none, sanitizers };

// Installs the filter for every thread of the process, for good. Throws Error(unavailable), having changed
// nothing, if the kernel refuses it. Needs no_new_privs.
void filter_system_calls(SystemCalls calls, Instrumentation instrumentation);

}  // namespace msst
