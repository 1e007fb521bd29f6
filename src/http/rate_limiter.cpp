#include "http/rate_limiter.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "base/log.h"
#include "http/error_reply.h"
#include "http/offload.h"
#include "tasks/task_store.h"

namespace msst::http {
namespace {

bool is_reading(const Request& request) {
    return request.method == beast_http::verb::get || request.method == beast_http::verb::head;
}

int64_t unix_seconds(Timestamp time) {
    return std::chrono::ceil<std::chrono::seconds>(time).time_since_epoch().count();
}

[[noreturn]] void refuse_over_limit(int64_t limit, Milliseconds wait) {
    const int64_t seconds = std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
    throw ApiError({.status = beast_http::status::too_many_requests,
                    .code = "rate_limited",
                    .message = "the limit is " + std::to_string(limit) +
                               " requests an hour; there is room again in " + std::to_string(seconds) + " s",
                    .errors = {},
                    .headers = {{"Retry-After", std::to_string(seconds)}}});
}

}  // namespace

std::string rate_limit_address(std::string_view client_address) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(std::string(client_address), error);
    if (error || address.is_v4()) return std::string(client_address);
    if (address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    auto bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return asio::ip::address_v6(bytes).to_string() + "/64";
}

RateLimiter::RateLimiter(RateLimits limits, tasks::TaskStore& store, boost::asio::thread_pool& blocking,
                         const Clock& clock, Log& log)
    : limits_(limits), store_(store), blocking_(blocking), clock_(clock), log_(log) {}

asio::awaitable<void> RateLimiter::count(Request& request, HeaderList& response_headers) {
    std::string key = request.owner.empty() ? "address:" + rate_limit_address(request.client_address)
                                            : "key:" + request.owner;
    int64_t limit = limits_.requests_per_hour;
    if (limits_.status_requests_per_hour && is_reading(request)) {
        key += ":status";
        limit = *limits_.status_requests_per_hour;
    }
    co_await count_against(std::move(key), limit, response_headers);
}

asio::awaitable<void> RateLimiter::count_failed_authentication(Request& request,
                                                               HeaderList& response_headers) {
    std::string key = "refused:" + rate_limit_address(request.client_address);
    co_await count_against(std::move(key), limits_.requests_per_hour, response_headers);
}

asio::awaitable<void> RateLimiter::count_against(std::string key, int64_t limit,
                                                 HeaderList& response_headers) {
    tasks::TaskStore::RateDecision decision;
    try {
        decision = co_await offload(blocking_, [&] { return store_.count_request(key, limit); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::unavailable) throw;
        log_.warning("rate_limit_unavailable", {{"error", error.what()}});
        co_return;
    }
    response_headers.emplace_back("X-RateLimit-Limit", std::to_string(limit));
    response_headers.emplace_back("X-RateLimit-Remaining", std::to_string(decision.remaining));
    response_headers.emplace_back("X-RateLimit-Reset", std::to_string(unix_seconds(decision.reset)));
    if (!decision.allowed) refuse_over_limit(limit, decision.reset - clock_.now());
}

}  // namespace msst::http
