#include "http/session.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/ids.h"
#include "base/log.h"
#include "http/error_reply.h"
#include "http/file_response.h"
#include "http/query.h"
#include "http/response_head.h"

namespace msst::http {
namespace {

using beast_http::status;
using beast_http::verb;
using Steady = std::chrono::steady_clock;

constexpr int64_t kNotIdle = std::numeric_limits<int64_t>::max();

// The client's own id of a request, where it is fit to be repeated.
bool is_request_id(std::string_view text) {
    constexpr size_t kMaxBytes = 128;
    return !text.empty() && text.size() <= kMaxBytes &&
           std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool has_no_body(status code) {
    return code == status::no_content || code == status::not_modified;
}

bool is_abort(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::optional<int64_t> length_of(const Response& response) {
    if (has_no_body(response.status)) return std::nullopt;
    if (const auto* text = std::get_if<std::string>(&response.body)) return std::ssize(*text);
    if (const auto* segments = std::get_if<Segments>(&response.body)) return size_of(*segments);
    return std::nullopt;
}

// Sends a stream's text as it comes, in chunks or (HTTP/1.0) bare.
class StreamWriter final : public ChunkWriter {
public:
    StreamWriter(Connection& connection, const SessionContext& context, bool is_chunked)
        : connection_(connection), context_(context), is_chunked_(is_chunked) {}

    asio::awaitable<void> write(std::string text) override {
        if (text.empty()) co_return;
        if (is_broken_ || context_.is_draining)
            throw Error(ErrorCode::cancelled, "the client is gone or the server stops");
        if (is_chunked_) text = size_line(text.size()) + text + "\r\n";
        // If this is cancelled half way, what follows cannot be told from the rest of the chunk.
        is_broken_ = true;
        const Io io = co_await connection_.send(text, {}, context_.options.timeouts.write);
        if (io != Io::ok) throw Error(ErrorCode::cancelled, "the client is gone");
        is_broken_ = false;
    }

    bool is_broken() const { return is_broken_; }

private:
    static std::string size_line(size_t size) {
        char digits[16];
        const auto end = std::to_chars(digits, digits + sizeof digits, size, /*base=*/16).ptr;
        return std::string(digits, end) + "\r\n";
    }

    Connection& connection_;
    const SessionContext& context_;
    bool is_chunked_;
    bool is_broken_ = false;
};

// Runs the stream to its end, whichever; what it threw is left in `failure`.
asio::awaitable<void> run_stream(const Stream& stream, StreamWriter& writer, std::exception_ptr& failure) {
    try {
        co_await stream(writer);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) failure = std::current_exception();
    } catch (...) {
        if (!is_abort(std::current_exception())) failure = std::current_exception();
    }
}

}  // namespace

// One request and its answer.
struct Session::Exchange {
    RequestHead head;
    Request request{};
    std::optional<RequestBody> body{};
    HeaderList extra_headers{};
    const Route* route = nullptr;
    Steady::time_point begun = Steady::now();
    int64_t sent_before = 0;
    status answered = status::unknown;
    bool is_closing = false;
    bool is_complete = false;
};

Session::Session(Connection::Socket socket, const SessionContext& context)
    : context_(context),
      connection_(std::move(socket), context.clock),
      stream_end_(connection_.executor(), asio::steady_timer::time_point::max()),
      client_address_(connection_.client_address()),
      idle_since_ms_(context.clock.monotonic().count()) {}

void Session::leave_if_idle() {
    if (idle_since_ms() == kNotIdle) return;
    is_sent_away_ = true;  // it may just be between two steps, where there is nothing to cancel
    connection_.cancel_step();
}

void Session::drain() {
    if (waiting_ == Waiting::for_request) connection_.cancel_step();
    stream_end_.cancel();
}

asio::awaitable<void> Session::run() {
    for (bool is_reusable = true; is_reusable;) {
        std::optional<RequestHead> head = co_await read_head();
        idle_since_ms_ = kNotIdle;
        if (!head) co_return;
        is_reusable = co_await exchange(std::move(*head));
        idle_since_ms_ = context_.clock.monotonic().count();
    }
}

// The next request's head. None: there will be no further request.
asio::awaitable<std::optional<RequestHead>> Session::read_head() {
    if (connection_.unread().empty()) {
        if (context_.is_draining || is_sent_away_) co_return std::nullopt;
        waiting_ = Waiting::for_request;
        const Io io = co_await connection_.wait_readable(context_.options.timeouts.idle);
        waiting_ = Waiting::no;
        if (io != Io::ok) co_return std::nullopt;
    }
    std::optional<RequestHead> head;
    std::exception_ptr failure;
    connection_.begin_deadline(context_.options.timeouts.header);
    try {
        const std::optional<HeadScanner::Extent> extent = co_await receive_head();
        if (extent) {
            head =
                parse_request_head(connection_.unread().substr(extent->begin, extent->end - extent->begin));
            connection_.consume(extent->end);
        }
    } catch (const Error&) {
        failure = std::current_exception();
    }
    connection_.end_deadline();
    if (failure) co_await refuse_head(failure);
    co_return head;
}

// Where the head lies in what is unread. None: the client closed, or was silent too long.
asio::awaitable<std::optional<HeadScanner::Extent>> Session::receive_head() {
    HeadScanner scanner;
    for (;;) {
        if (const auto extent = scanner.scan(connection_.unread())) co_return extent;
        if (is_sent_away_) co_return std::nullopt;
        const Io io = co_await connection_.fill();
        if (io == Io::closed) co_return std::nullopt;
        if (io == Io::timed_out)
            throw ApiError({.status = status::request_timeout,
                            .code = "invalid_request",
                            .message = "the head of the request did not come in time",
                            .errors = {},
                            .headers = {}});
    }
}

// Answers what cannot be read as a request; the connection is of no use after that.
asio::awaitable<void> Session::refuse_head(std::exception_ptr failure) {
    Exchange exchange{.head = {}};
    exchange.sent_before = connection_.bytes_sent();
    exchange.request.request_id = make_uuid_v7(context_.clock.now());
    exchange.request.client_address = client_address_;
    const Response response = problem_response(problem_of(failure), exchange.request.request_id);
    exchange.answered = response.status;
    const HeaderList extra = {{"X-Request-Id", exchange.request.request_id}};
    const ResponseFraming framing{.content_length = length_of(response), .is_closing = true};
    const std::string head = serialize_head(response, framing, extra, context_.clock.now());
    const std::string& body = std::get<std::string>(response.body);
    exchange.is_complete = co_await connection_.send(head, body, context_.options.timeouts.write) == Io::ok;
    report(exchange);
    if (exchange.is_complete) co_await connection_.linger(context_.options.timeouts.linger);
}

// Answers one request. Whether the connection can serve another.
asio::awaitable<bool> Session::exchange(RequestHead head) {
    Exchange exchange{.head = std::move(head)};
    exchange.sent_before = connection_.bytes_sent();
    exchange.body.emplace(connection_, exchange.head, context_.options, context_.clock);
    Request& request = exchange.request;
    request.method = exchange.head.method;
    request.headers = std::move(exchange.head.fields);
    request.client_address = client_address_;
    request.body = &*exchange.body;
    const std::string_view id = request.header("X-Request-Id").value_or("");
    request.request_id = is_request_id(id) ? std::string(id) : make_uuid_v7(context_.clock.now());
    exchange.extra_headers.emplace_back("X-Request-Id", request.request_id);

    std::exception_ptr cut;
    try {
        Response response = co_await respond_or_fail(exchange);
        exchange.is_complete = co_await send_response(exchange, std::move(response));
    } catch (...) {
        cut = std::current_exception();
    }
    report(exchange);
    if (cut) std::rethrow_exception(cut);
    if (!exchange.is_complete) co_return false;
    if (!exchange.is_closing) co_return co_await exchange.body->skip_rest(context_.options.timeouts.linger);
    const bool is_expected = exchange.body->is_done() && !exchange.head.is_keep_alive;
    if (!is_expected) co_await connection_.linger(context_.options.timeouts.linger);
    co_return false;
}

asio::awaitable<Response> Session::respond_or_fail(Exchange& exchange) {
    std::exception_ptr failure;
    try {
        co_return co_await respond(exchange);
    } catch (...) {
        failure = std::current_exception();
    }
    co_return answer_failure(exchange, failure);
}

asio::awaitable<Response> Session::respond(Exchange& exchange) {
    Request& request = exchange.request;
    RouteMatch match;
    std::exception_ptr no_route;
    try {
        match = context_.router.match(request.method, exchange.head.path);
    } catch (const Error&) {
        // Strangers do not even learn which paths there are.
        no_route = std::current_exception();
    }
    exchange.route = match.route;
    for (const Gate& gate : context_.hooks.gates) co_await gate(request, exchange.extra_headers);
    if (no_route) std::rethrow_exception(no_route);
    request.path = std::move(match.path);
    request.path_values = std::move(match.path_values);
    request.query = parse_query(exchange.head.query);
    co_return co_await match.route->handler(request);
}

Response Session::answer_failure(const Exchange& exchange, std::exception_ptr failure) {
    const Problem problem = problem_of(failure);
    if (problem.status >= status::internal_server_error && !is_abort(failure)) {
        const Log::Fields fields = {{"request_id", exchange.request.request_id},
                                    {"route", exchange.route ? exchange.route->pattern : ""},
                                    {"code", problem.code},
                                    {"error", describe(failure)}};
        const bool is_ours = problem.status == status::internal_server_error;
        context_.log.write(is_ours ? LogLevel::error : LogLevel::warning, "request_failed", fields);
    }
    return problem_response(problem, exchange.request.request_id);
}

// Whether all of it was sent.
asio::awaitable<bool> Session::send_response(Exchange& exchange, Response response) {
    const bool is_http_1_0 = exchange.head.minor_version == 0;
    ResponseFraming framing;
    const auto frame = [&] {
        const bool is_stream = std::holds_alternative<Stream>(response.body);
        framing.content_length = length_of(response);
        framing.is_chunked = is_stream && !is_http_1_0;
        framing.is_closing = !exchange.head.is_keep_alive || context_.is_draining ||
                             !exchange.body->is_skippable() || (is_stream && is_http_1_0);
        framing.is_keep_alive = is_http_1_0 && !framing.is_closing;
    };
    frame();
    std::string head;
    try {
        head = serialize_head(response, framing, exchange.extra_headers, context_.clock.now());
    } catch (const Error&) {
        response = answer_failure(exchange, std::current_exception());
        frame();
        head = serialize_head(response, framing, {{"X-Request-Id", exchange.request.request_id}},
                              context_.clock.now());
    }
    exchange.answered = response.status;
    exchange.is_closing = framing.is_closing;

    const Milliseconds timeout = context_.options.timeouts.write;
    const bool is_bare = exchange.request.method == verb::head || has_no_body(response.status);
    const auto* text = std::get_if<std::string>(&response.body);
    const std::string_view first_body = text && !is_bare ? std::string_view(*text) : std::string_view();
    if (co_await connection_.send(head, first_body, timeout) != Io::ok) co_return false;
    if (is_bare || text) co_return true;
    if (const auto* segments = std::get_if<Segments>(&response.body))
        co_return co_await send_segments(*segments);
    co_return co_await send_stream(exchange, std::get<Stream>(response.body), framing.is_chunked);
}

asio::awaitable<bool> Session::send_segments(const Segments& segments) {
    const Milliseconds timeout = context_.options.timeouts.write;
    for (const auto& segment : segments) {
        Io io = Io::ok;
        if (const auto* text = std::get_if<std::string>(&segment))
            io = co_await connection_.send(*text, {}, timeout);
        else
            io = co_await connection_.send(std::get<FileSlice>(segment), context_.blocking, timeout);
        if (io != Io::ok) co_return false;
    }
    co_return true;
}

asio::awaitable<bool> Session::send_stream(const Exchange& exchange, const Stream& stream, bool is_chunked) {
    using namespace asio::experimental::awaitable_operators;
    StreamWriter writer(connection_, context_, is_chunked);
    std::exception_ptr failure;
    co_await (run_stream(stream, writer, failure) || wait_stream_end());
    // The end of a stream that failed must not look like its end.
    if (failure) answer_failure(exchange, failure);
    if (failure || writer.is_broken()) co_return false;
    if (!is_chunked) co_return true;
    co_return co_await connection_.send("0\r\n\r\n", {}, context_.options.timeouts.write) == Io::ok;
}

// Returns when a stream has no more business: the client has gone, or the server drains.
asio::awaitable<void> Session::wait_stream_end() {
    using namespace asio::experimental::awaitable_operators;
    if (context_.is_draining) co_return;
    co_await (wait_client_gone() || wait_drain());
}

asio::awaitable<void> Session::wait_client_gone() {
    const bool is_gone = co_await connection_.wait_gone();
    if (!is_gone) co_await wait_drain();
}

asio::awaitable<void> Session::wait_drain() {
    co_await stream_end_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Session::report(const Exchange& exchange) {
    AccessRecord record;
    record.request_id = exchange.request.request_id;
    record.method = exchange.head.method_text;
    record.route = exchange.route ? exchange.route->pattern : "";
    record.path = exchange.head.path;
    record.status = static_cast<int>(exchange.answered);
    record.duration = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - exchange.begun);
    record.bytes_in = exchange.body ? exchange.body->bytes_read() : 0;
    record.bytes_out = connection_.bytes_sent() - exchange.sent_before;
    record.owner = exchange.request.owner;
    record.client_address = exchange.request.client_address;
    record.is_complete = exchange.is_complete;
    for (const auto& observer : context_.hooks.observers) observer(record);
}

}  // namespace msst::http
