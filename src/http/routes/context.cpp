#include "http/routes/context.h"

#include <utility>

#include "tasks/task_store.h"

namespace msst::http::routes {
namespace {

constexpr Milliseconds kPendingAge{500};

}  // namespace

Context::Context(Services given)
    : services(std::move(given)), started_(services.clock.monotonic()), pending_until_(started_) {}

int64_t Context::pending_tasks() {
    const Milliseconds now = services.clock.monotonic();
    {
        const std::lock_guard lock(mutex_);
        if (now < pending_until_) return pending_;
    }
    const int64_t pending = services.store.statistics().pending;
    const std::lock_guard lock(mutex_);
    pending_ = pending;
    pending_until_ = now + kPendingAge;
    return pending;
}

double Context::uptime_seconds() const {
    return std::chrono::duration<double>(services.clock.monotonic() - started_).count();
}

}  // namespace msst::http::routes
