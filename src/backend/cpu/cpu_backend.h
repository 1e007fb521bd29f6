#pragma once

#include <string>

#include "graph/backend.h"

namespace msst::backend {

enum class Precision {
    automatic,  // bfloat16 where the processor has it natively, else float32
    float32,
    bfloat16,  // of matrix products; sums, norms, softmax, Fourier transforms and the residual stream stay
               // float32
};

struct CpuOptions {
    int threads = 0;  // 0: every core this process may use
    Precision precision = Precision::automatic;
};

// The processor: matrix products by oneDNN, everything else by our own vector code, chosen at run time for
// the instruction set that is there.
class CpuBackend final : public graph::Backend {
public:
    explicit CpuBackend(CpuOptions options = {});

    // True when the processor multiplies bfloat16 natively.
    static bool has_bfloat16();

    std::string_view name() const override { return "cpu"; }
    bool uses_bfloat16() const { return uses_bfloat16_; }
    int threads() const { return threads_; }

    graph::Plan plan(const graph::Graph& graph) const override;
    std::unique_ptr<graph::Executable> compile(const graph::Graph& graph,
                                               const graph::Plan& plan) const override;

private:
    int threads_;
    bool uses_bfloat16_;
};

}  // namespace msst::backend
