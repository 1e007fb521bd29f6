#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>

#include "graph/graph.h"
#include "graph/plan.h"

// What runs graphs. Implementations: src/backend/reference, cpu, cuda.

namespace msst::graph {

struct RunControl {
    std::stop_token stop;                     // looked at between operations and inside long ones
    std::function<void(double)> on_progress;  // fraction of the run's work done, 0-1, after each operation;
                                              // may be empty
};

// A graph with its weights on a device, ready to run.
class Executable {
public:
    virtual ~Executable() = default;

    // inputs and outputs: row-major float32 in host memory, as many and as large as the graph's. An empty
    // output is not wanted: it is not written, and what only it depends on is not computed. Nothing is
    // allocated on the way. One call at a time; a second one waits.
    // Throws Error(cancelled) when a stop was requested, Error(unavailable) when the device failed.
    virtual void run(std::span<const std::span<const float>> inputs,
                     std::span<const std::span<float>> outputs, const RunControl& control) = 0;
};

class Backend {
public:
    virtual ~Backend() = default;

    virtual std::string_view name() const = 0;

    // Memory and work of one run, before any weight is read.
    virtual Plan plan(const Graph& graph) const = 0;

    // Asks every constant for its numbers, perhaps several at once. `plan` is this backend's own for `graph`.
    virtual std::unique_ptr<Executable> compile(const Graph& graph, const Plan& plan) const = 0;
};

}  // namespace msst::graph
