#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/hooks.h"

namespace boost::asio {
class thread_pool;
}

namespace msst {
class Log;
}

namespace msst::tasks {
class TaskStore;
}

// How often somebody may ask. The counting itself is the task store's, so that it survives a restart and is
// shared by several servers.

namespace msst::http {

struct RateLimits {
    int64_t requests_per_hour = 100;
    std::optional<int64_t> status_requests_per_hour;  // a budget of its own for GET and HEAD
};

class RateLimiter {
public:
    // All of them must outlive the limiter. The store is asked on `blocking`.
    RateLimiter(RateLimits limits, tasks::TaskStore& store, boost::asio::thread_pool& blocking,
                const Clock& clock, Log& log);

    // A gate: counts the request against its API key, or its client's address while there is none. Adds
    // X-RateLimit-Limit, -Remaining and -Reset (unix seconds); over the limit it refuses with 429 and
    // Retry-After. While the store does not answer, requests pass uncounted: what needs the store fails by
    // itself, and /health can still say why.
    asio::awaitable<void> count(Request& request, HeaderList& response_headers);

    // The same for an attempt without a valid key: per address, in a budget of its own, so that nobody with a
    // valid key behind the same address is locked out.
    asio::awaitable<void> count_failed_authentication(Request& request, HeaderList& response_headers);

private:
    asio::awaitable<void> count_against(std::string key, int64_t limit, HeaderList& response_headers);

    RateLimits limits_;
    tasks::TaskStore& store_;
    boost::asio::thread_pool& blocking_;
    const Clock& clock_;
    Log& log_;
};

// The address itself, or the /64 network of an IPv6 address: one household has 2^64 of them.
std::string rate_limit_address(std::string_view client_address);

}  // namespace msst::http
