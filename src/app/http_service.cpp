#include "app/http_service.h"

#include <utility>
#include <vector>

#include "http/access_log.h"
#include "http/authenticator.h"

namespace msst::app {
namespace {

// Fields, boundaries and part headers around the file.
constexpr int64_t kFormBytes = 1'000'000;

std::vector<http::ApiKeyHash> key_hashes(const config::Config& config) {
    std::vector<http::ApiKeyHash> hashes;
    hashes.reserve(config.api_keys.size());
    for (const config::ApiKey& key : config.api_keys) hashes.push_back({key.name, key.sha256});
    return hashes;
}

}  // namespace

http::Settings make_settings(const config::Config& config) {
    http::Settings settings;
    settings.version = MSST_VERSION;
    settings.max_file_bytes = config.max_file_size;
    settings.max_queued_tasks = config.max_queued_tasks;
    settings.max_audio_seconds = config.max_audio_hours * 3600;
    settings.degraded_free_disk = config.degraded_free_disk;
    settings.reserve_free_disk = config.reserve_free_disk;
    settings.completed_retention = from_hours(config.cleanup_retention_hours);
    settings.failed_retention = from_hours(config.failed_retention_hours);
    return settings;
}

HttpService::HttpService(const config::Config& config, const http::Services& services) : routes_(services) {
    if (config.enable_rate_limit)
        rate_limiter_ = std::make_unique<http::RateLimiter>(
            http::RateLimits{config.requests_per_hour, config.status_requests_per_hour}, services.store,
            services.blocking, services.clock, services.log);
    http::Router router;
    routes_.add_to(router);
    http::ServerOptions options;
    options.host = config.host;
    options.port = config.port;
    options.max_body_bytes = config.max_file_size + kFormBytes;
    server_ = std::make_unique<http::Server>(std::move(options), std::move(router),
                                             make_hooks(config, services.log), services.blocking,
                                             services.clock, services.log);
}

http::Hooks HttpService::make_hooks(const config::Config& config, Log& log) {
    http::Hooks hooks;
    http::RateLimiter* limiter = rate_limiter_.get();
    if (config.enable_auth) {
        http::Gate on_failure;
        if (limiter)
            on_failure = [limiter](http::Request& request, http::HeaderList& headers) {
                return limiter->count_failed_authentication(request, headers);
            };
        hooks.gates.push_back(
            http::authentication_gate(http::Authenticator(key_hashes(config)), std::move(on_failure)));
    }
    if (limiter)
        hooks.gates.push_back([limiter](http::Request& request, http::HeaderList& headers) {
            return limiter->count(request, headers);
        });
    hooks.observers = {http::access_log(log), routes_.observer()};
    return hooks;
}

}  // namespace msst::app
