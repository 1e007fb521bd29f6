#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "base/log.h"
#include "http/server.h"
#include "http/support/raw_client.h"
#include "support/fake_clock.h"

// A server on loopback with a clock that the test moves, and routes for tests.

namespace msst::http::testing {

class TestServer {
public:
    explicit TestServer(ServerOptions options = {});

    // Before start(): routes and gates.
    Router router;
    Hooks hooks;
    asio::thread_pool blocking{2};
    msst::testing::FakeClock clock;
    Log log{"", LogLevel::error};

    void get(std::string path, Handler handler) {
        add(beast_http::verb::get, std::move(path), std::move(handler));
    }
    void post(std::string path, Handler handler) {
        add(beast_http::verb::post, std::move(path), std::move(handler));
    }

    void start();
    Server& server() { return *server_; }
    RawClient connect() { return RawClient(server_->port()); }
    // One request on a connection of its own.
    RawResponse exchange(std::string_view bytes);

    // Waits until the observers were told of `count` requests, and returns them.
    std::vector<AccessRecord> wait_for_records(size_t count);

private:
    void add(beast_http::verb method, std::string path, Handler handler);

    ServerOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<AccessRecord> records_;  // guarded by mutex_
    std::unique_ptr<Server> server_;
};

// Answers 200 with `text`.
Handler say(std::string text);

// Reads the whole body, and answers how many bytes it had.
Handler count_body();

// A condition that handlers set and tests wait for, at most 20 s.
class Signal {
public:
    void set();
    // False: it did not come.
    bool wait();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_set_ = false;
};

// Whether `condition` comes true within 20 s.
bool becomes_true(const std::function<bool()>& condition);

}  // namespace msst::http::testing
