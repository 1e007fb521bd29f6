#pragma once

#include "base/sandbox.h"

namespace msst {

// Whether the process may trace itself, as the leak check of a sanitizer does.
enum class SelfTracing { denied, allowed };

// Installs the filter for every thread of the process, for good. Throws Error(unavailable), having changed
// nothing, if the kernel refuses it. Needs no_new_privs.
void filter_system_calls(SystemCalls calls, SelfTracing self_tracing);

}  // namespace msst
