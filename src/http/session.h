#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/connection.h"
#include "http/hooks.h"
#include "http/request_body.h"
#include "http/request_head.h"
#include "http/router.h"
#include "http/server.h"

namespace msst::http {

// What all sessions of a server share; it outlives them.
struct SessionContext {
    const ServerOptions& options;
    const Router& router;
    const Hooks& hooks;
    asio::thread_pool& blocking;
    const Clock& clock;
    Log& log;
    const std::atomic<bool>& is_draining;
};

// One connection: request after request, until somebody closes. Used on the connection's strand, except where
// it says otherwise.
class Session {
public:
    Session(Connection::Socket socket, const SessionContext& context);

    // Serves the connection to its end. Throws nothing but what cancelling it raises.
    asio::awaitable<void> run();

    // The server drains: an idle connection ends, a stream is ended, a running request is the last.
    void drain();

    // The client has too little to say for the place it takes: the connection ends, unless a request has come
    // in the meantime.
    void leave_if_idle();

    // From any thread: since when no request is complete, on the clock of the context; the highest number:
    // one is being answered.
    int64_t idle_since_ms() const { return idle_since_ms_.load(std::memory_order_relaxed); }

    Connection& connection() { return connection_; }

private:
    enum class Waiting { no, for_request };
    struct Exchange;

    asio::awaitable<std::optional<RequestHead>> read_head();
    asio::awaitable<std::optional<HeadScanner::Extent>> receive_head();
    asio::awaitable<bool> exchange(RequestHead head);
    asio::awaitable<void> refuse_head(std::exception_ptr failure);
    Response answer_failure(const Exchange& exchange, std::exception_ptr failure);
    asio::awaitable<Response> respond(Exchange& exchange);
    asio::awaitable<Response> respond_or_fail(Exchange& exchange);
    asio::awaitable<bool> send_response(Exchange& exchange, Response response);
    asio::awaitable<bool> send_segments(const Segments& segments);
    asio::awaitable<bool> send_stream(const Exchange& exchange, const Stream& stream, bool is_chunked);
    asio::awaitable<void> wait_stream_end();
    asio::awaitable<void> wait_client_gone();
    asio::awaitable<void> wait_drain();
    void report(const Exchange& exchange);

    const SessionContext& context_;
    Connection connection_;
    asio::steady_timer stream_end_;  // never expires; cancelling it ends a stream
    std::string client_address_;
    Waiting waiting_ = Waiting::no;
    bool is_sent_away_ = false;
    std::atomic<int64_t> idle_since_ms_;
};

}  // namespace msst::http
