#include "http/rate_limiter.h"

#include <map>
#include <mutex>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/sha256.h"
#include "http/authenticator.h"
#include "http/support/test_server.h"
#include "tasks/task_store.h"

namespace msst::http {
namespace {

// Only count_request() is there, as a plain counter.
class CountingStore final : public tasks::TaskStore {
public:
    RateDecision count_request(const std::string& key, int64_t limit) override {
        const std::lock_guard lock(mutex_);
        if (is_down) throw Error(ErrorCode::unavailable, "the database is down");
        int64_t& count = counts_[key];
        const bool is_allowed = count < limit;
        if (is_allowed) ++count;
        return {.allowed = is_allowed, .remaining = limit - count, .reset = now + Milliseconds(30'500)};
    }
    bool is_down = false;
    Timestamp now{};

    tasks::AddResult add(const tasks::NewTask&, int64_t) override { return {}; }
    std::optional<IdempotentTask> find_by_idempotency_key(const std::string&, const std::string&) override {
        return {};
    }
    std::optional<tasks::Task> find(const std::string&) override { return {}; }
    std::vector<tasks::Task> list(const tasks::TaskQuery&) override { return {}; }
    std::optional<int64_t> queue_position(const tasks::Task&) override { return {}; }
    std::optional<tasks::Lease> claim(const std::string&, Milliseconds, const tasks::Room&) override {
        return {};
    }
    std::optional<tasks::Renewal> renew(const tasks::Lease&, Milliseconds) override { return {}; }
    bool report_progress(const tasks::Lease&, double, tasks::Stage) override { return false; }
    bool complete(const tasks::Lease&, const tasks::TaskResult&) override { return false; }
    bool fail(const tasks::Lease&, const tasks::TaskError&) override { return false; }
    bool mark_cancelled(const tasks::Lease&) override { return false; }
    bool release(const tasks::Lease&) override { return false; }
    std::optional<tasks::Reaped> give_back(const std::string&, int, Milliseconds) override { return {}; }
    std::vector<tasks::Reaped> reap(int, Milliseconds) override { return {}; }
    std::optional<tasks::CancelOutcome> cancel(const std::string&) override { return {}; }
    std::optional<tasks::CancelOutcome> request_erasure(const std::string&) override { return {}; }
    std::vector<tasks::Task> to_erase(int) override { return {}; }
    bool erase(const std::string&) override { return false; }
    std::vector<tasks::Task> with_expired_files(Timestamp, Timestamp, int) override { return {}; }
    void mark_files_deleted(const std::string&) override {}
    std::vector<tasks::Task> with_expired_record(Timestamp, int) override { return {}; }
    void forget_idempotency_keys(Timestamp) override {}
    tasks::StoreStatistics statistics() override { return {}; }
    void ping() override {}

private:
    std::mutex mutex_;
    std::map<std::string, int64_t> counts_;
};

class RateLimiterTest : public ::testing::Test {
protected:
    void start(RateLimits limits, std::vector<ApiKeyHash> keys = {}) {
        store.now = server.clock.now();
        limiter.emplace(limits, store, server.blocking, server.clock, server.log);
        const Gate on_failure = [this](Request& request, HeaderList& headers) {
            return limiter->count_failed_authentication(request, headers);
        };
        if (!keys.empty()) server.hooks.gates.push_back(authentication_gate(Authenticator(keys), on_failure));
        server.hooks.gates.push_back(
            [this](Request& request, HeaderList& headers) { return limiter->count(request, headers); });
        server.get("/hello", testing::say("hello"));
        server.post("/hello", testing::say("posted"));
        server.start();
    }
    testing::RawResponse ask(const std::string& method, const std::string& key = "") {
        return server.exchange(method + " /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" +
                               (key.empty() ? "" : "Authorization: Bearer " + key + "\r\n") + "\r\n");
    }

    CountingStore store;
    std::optional<RateLimiter> limiter;
    testing::TestServer server;  // last: it ends first
};

TEST_F(RateLimiterTest, CountsDownAndRefuses) {
    start({.requests_per_hour = 2, .status_requests_per_hour = {}});
    const auto first = ask("GET");
    EXPECT_EQ(first.header("x-ratelimit-limit"), "2");
    EXPECT_EQ(first.header("x-ratelimit-remaining"), "1");
    EXPECT_EQ(first.header("x-ratelimit-reset"), "1768473031");  // rounded up
    EXPECT_EQ(ask("POST").header("x-ratelimit-remaining"), "0");

    const auto refused = ask("GET");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("retry-after"), "31");
    EXPECT_EQ(refused.header("x-ratelimit-remaining"), "0");
    EXPECT_NE(refused.body.find("rate_limited"), std::string::npos);
}

TEST_F(RateLimiterTest, GivesReadingItsOwnBudgetWhenAsked) {
    start({.requests_per_hour = 1, .status_requests_per_hour = 2});
    EXPECT_EQ(ask("GET").status, 200);
    EXPECT_EQ(ask("HEAD").status, 200);
    EXPECT_EQ(ask("GET").status, 429);
    EXPECT_EQ(ask("POST").status, 200);
    EXPECT_EQ(ask("POST").status, 429);
}

TEST_F(RateLimiterTest, CountsKeysApartAndFailedAttemptsApartFromThem) {
    start({.requests_per_hour = 1, .status_requests_per_hour = {}},
          {{"ada", sha256_hex("a")}, {"bob", sha256_hex("b")}});
    EXPECT_EQ(ask("GET", "wrong").status, 401);
    EXPECT_EQ(ask("GET", "wrong").status, 429);
    EXPECT_EQ(ask("GET", "a").status, 200);
    EXPECT_EQ(ask("GET", "a").status, 429);
    EXPECT_EQ(ask("GET", "b").status, 200);
}

TEST_F(RateLimiterTest, LetsPassWhileTheStoreIsDown) {
    store.is_down = true;
    start({.requests_per_hour = 0, .status_requests_per_hour = {}});
    EXPECT_EQ(ask("GET").status, 200);
}

TEST(RateLimitAddress, TakesAHouseholdForOne) {
    EXPECT_EQ(rate_limit_address("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(rate_limit_address("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(rate_limit_address("2001:db8:1:2:3:4:5:6"), rate_limit_address("2001:db8:1:2::9"));
    EXPECT_NE(rate_limit_address("2001:db8:1:2::9"), rate_limit_address("2001:db8:1:3::9"));
    EXPECT_EQ(rate_limit_address(""), "");
}

}  // namespace
}  // namespace msst::http
