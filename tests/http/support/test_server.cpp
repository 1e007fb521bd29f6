#include "http/support/test_server.h"

#include <array>
#include <chrono>
#include <thread>

#include <boost/asio/awaitable.hpp>

namespace msst::http::testing {

namespace {

// How long a test waits for something. Only one that fails gets there.
constexpr std::chrono::seconds kPatience{60};

}  // namespace

TestServer::TestServer(ServerOptions options) : options_(std::move(options)) {
    options_.sweep = Milliseconds(2);
    hooks.observers.push_back([this](const AccessRecord& record) {
        const std::lock_guard lock(mutex_);
        records_.push_back(record);
        changed_.notify_all();
    });
}

void TestServer::add(beast_http::verb method, std::string path, Handler handler) {
    router.add(method, path, "op" + path, std::move(handler));
}

void TestServer::start() {
    server_ = std::make_unique<Server>(options_, router, hooks, blocking, clock, log);
    server_->start();
}

RawResponse TestServer::exchange(std::string_view bytes) {
    RawClient client = connect();
    client.send(bytes);
    const bool to_head = bytes.starts_with("HEAD ");
    return client.read(to_head).value_or(RawResponse{});
}

std::vector<AccessRecord> TestServer::wait_for_records(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return records_.size() >= count; });
    return records_;
}

Handler say(std::string text) {
    return [text = std::move(text)](Request&) -> asio::awaitable<Response> {
        Response response;
        response.set_header("Content-Type", "text/plain");
        response.body = text;
        co_return response;
    };
}

Handler count_body() {
    return [](Request& request) -> asio::awaitable<Response> {
        std::vector<std::byte> buffer(1000);
        size_t sum = 0;
        for (size_t bytes; (bytes = co_await request.body->read_some(buffer)) > 0;) sum += bytes;
        Response response;
        response.body = std::to_string(sum);
        co_return response;
    };
}

void Signal::set() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
}

bool Signal::wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return is_set_; });
}

bool becomes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace msst::http::testing
