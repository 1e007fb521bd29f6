#pragma once

#include <memory>

#include "http/hooks.h"
#include "http/message.h"

// GET /metrics: the state of the service for Prometheus.

namespace msst::http::routes {

struct Context;

class Prometheus {
public:
    // The context must outlive it.
    explicit Prometheus(Context& context);
    ~Prometheus();

    // Counts one answered request. Thread-safe, never throws.
    void count(const AccessRecord& record) noexcept;

    // The figures as of now, in Prometheus' text format. Throws as TaskStore. Thread-safe.
    Response response();

private:
    struct Figures;
    Context& context_;
    std::unique_ptr<Figures> figures_;
};

}  // namespace msst::http::routes
