#pragma once

#include "graph/backend.h"

namespace msst::backend {

// Plain loops on one thread, sums in double precision. Every other backend is tested against it.
class ReferenceBackend final : public graph::Backend {
public:
    std::string_view name() const override { return "reference"; }
    graph::Plan plan(const graph::Graph& graph) const override;
    std::unique_ptr<graph::Executable> compile(const graph::Graph& graph,
                                               const graph::Plan& plan) const override;
};

}  // namespace msst::backend
