#include "config/verify.h"

#include <algorithm>

#include <arpa/inet.h>

#include "config/units.h"

namespace msst::config {
namespace {

void verify_access(const Config& config, Problems& problems) {
    if (config.enable_auth && config.api_keys.empty())
        problems.add_contradiction({"enable_auth", "api_keys"},
                                   "enable_auth is true, but api_keys is empty: nobody could get in");
    if (!config.enable_auth && !config.allow_public_without_auth && !is_loopback(config.host))
        problems.add_contradiction(
            {"host", "enable_auth", "allow_public_without_auth"},
            "host " + quote(config.host) +
                " can be reached by others, but enable_auth is false: anybody could use the server. Set "
                "enable_auth and api_keys, or allow_public_without_auth: true");
    if (!config.enable_auth && !config.api_keys.empty())
        problems.warn({"api_keys"}, "api_keys has no effect while enable_auth is false");
    if (!config.enable_rate_limit && config.status_requests_per_hour)
        problems.warn({"status_requests_per_hour"},
                      "status_requests_per_hour has no effect while enable_rate_limit is false");
}

void verify_retention(const Config& config, Problems& problems) {
    const auto outlives = [&](const char* key, double hours) {
        if (hours > config.metadata_retention_hours)
            problems.add_contradiction(
                {"metadata_retention_hours", key},
                std::string("metadata_retention_hours is ") + show_number(config.metadata_retention_hours) +
                    ", but " + key + " is " + show_number(hours) + ": files would outlive their record");
    };
    outlives("cleanup_retention_hours", config.cleanup_retention_hours);
    outlives("failed_retention_hours", config.failed_retention_hours);
    if (config.reserve_free_disk > config.degraded_free_disk)
        problems.warn({"reserve_free_disk", "degraded_free_disk"},
                      "reserve_free_disk (" + show_size(config.reserve_free_disk) +
                          ") is more than degraded_free_disk (" + show_size(config.degraded_free_disk) +
                          "): submissions are refused before health reports degraded");
}

void verify_work(const Config& config, Problems& problems) {
    const bool only_cpu =
        !config.devices.empty() && std::ranges::count(config.devices, "cpu") == std::ssize(config.devices);
    if (only_cpu && config.worker_threads.value_or(1) > 1 && !config.allow_cpu_concurrency)
        problems.warn({"worker_threads"}, "worker_threads is " + std::to_string(*config.worker_threads) +
                                              ", but a CPU takes one task at a time unless "
                                              "allow_cpu_concurrency is true");
    if (config.progress_timeout < config.lease)
        problems.add_contradiction({"progress_timeout_seconds", "lease_seconds"},
                                   "progress_timeout_seconds is " +
                                       show_number(config.progress_timeout.count() / 1000.) +
                                       ", but lease_seconds is " + show_number(config.lease.count() / 1000.) +
                                       ": a worker would be taken for hung before its lease ends");
}

}  // namespace

bool is_loopback(const std::string& host) {
    in_addr v4{};
    in6_addr v6{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
    return host == "localhost";
}

void verify(const Config& config, Problems& problems) {
    verify_access(config, problems);
    verify_retention(config, problems);
    verify_work(config, problems);
}

}  // namespace msst::config
