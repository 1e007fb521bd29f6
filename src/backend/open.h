#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/backend.h"

// From the name of a device to what runs graphs on it. Only open.cpp knows which backends are built in.

namespace msst::backend {

struct BackendOptions {
    std::string precision = "auto";  // of matrix products: auto float32 bfloat16 float16
    int cpu_threads = 0;             // 0: every core
};

struct OpenBackend {
    std::shared_ptr<const graph::Backend> backend;
    std::vector<std::string> warnings;  // what is unlike what was asked for
};

// device: "cpu" (the fastest backend for it) or the name of a backend. Throws Error(invalid_input), naming
// what there is, for anything else, and for a precision that is not known.
OpenBackend open_backend(std::string_view device, const BackendOptions& options);

// Names of the backends that are built in, the fastest first.
std::vector<std::string> backend_names();

}  // namespace msst::backend
