#pragma once

#include <memory>

#include <boost/asio/thread_pool.hpp>

#include "base/clock.h"
#include "config/config.h"
#include "http/rate_limiter.h"
#include "http/routes/routes.h"
#include "http/server.h"

namespace msst::app {

// What of the configuration the routes need.
http::Settings make_settings(const config::Config& config);

// The HTTP side of `msst serve`: routes, authentication, rate limit, log and
// metrics around one server. Everything in `services` must outlive it.
class HttpService {
public:
    HttpService(const config::Config& config, const http::Services& services);

    void start() { server_->start(); }
    int port() const { return server_->port(); }
    void drain(Milliseconds patience) { server_->drain(patience); }
    void join() { server_->join(); }
    http::Routes& routes() { return routes_; }

private:
    http::Hooks make_hooks(const config::Config& config, Log& log);

    std::unique_ptr<http::RateLimiter> rate_limiter_;  // none: no limit
    http::Routes routes_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace msst::app
