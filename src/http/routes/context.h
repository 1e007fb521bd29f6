#pragma once

#include <atomic>
#include <mutex>

#include "http/routes/checksum_cache.h"
#include "http/routes/idempotency.h"
#include "http/routes/services.h"
#include "http/routes/speed.h"

namespace msst::http::routes {

// What the routes share: the services, and what they remember between requests. Thread-safe.
struct Context {
    explicit Context(Services given);

    // Pending tasks, as of at most half a second ago: counting them for every submission would cost more than
    // refusing one. Throws as TaskStore.
    int64_t pending_tasks();

    double uptime_seconds() const;

    Services services;
    InFlightKeys in_flight;
    Speed speed;
    ChecksumCache checksums;
    std::atomic<int> event_streams{0};

private:
    const Milliseconds started_;  // monotonic
    std::mutex mutex_;
    int64_t pending_ = 0;
    Milliseconds pending_until_;  // monotonic
};

}  // namespace msst::http::routes
