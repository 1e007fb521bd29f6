#include "http/request_body.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "http/error_reply.h"

namespace msst::http {
namespace {

constexpr int64_t kMaxSkippedBytes = 64 * 1024;

size_t copy(std::string_view from, std::span<std::byte> to) {
    if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
    return from.size();
}

[[noreturn]] void refuse_slow(const char* message) {
    throw ApiError({.status = beast_http::status::request_timeout,
                    .code = "invalid_request",
                    .message = message,
                    .errors = {},
                    .headers = {}});
}

}  // namespace

RequestBody::RequestBody(Connection& connection, const RequestHead& head, const ServerOptions& options,
                         const Clock& clock)
    : connection_(connection),
      head_(head),
      options_(options),
      clock_(clock),
      left_(head.content_length.value_or(0)),
      is_continue_due_(head.expects_continue && (head.is_chunked || left_ > 0)) {}

std::optional<uint64_t> RequestBody::content_length() const {
    if (head_.is_chunked) return std::nullopt;
    return static_cast<uint64_t>(head_.content_length.value_or(0));
}

bool RequestBody::is_done() const {
    return head_.is_chunked ? chunks_.is_done() : left_ == 0;
}

asio::awaitable<size_t> RequestBody::read_some(std::span<std::byte> buffer) {
    check(!buffer.empty(), "request body: there is no room to read into");
    if (is_broken_)
        throw Error(ErrorCode::invalid_input, "the request's body cannot be read", "invalid_request");
    if (is_done()) co_return 0;
    // Whatever throws below leaves the connection at an unknown place of the body.
    is_broken_ = true;
    if (!is_begun_) co_await begin();
    const size_t bytes = head_.is_chunked ? co_await read_chunked(buffer) : co_await read_plain(buffer);
    bytes_read_ += static_cast<int64_t>(bytes);
    check_size(bytes_read_);
    is_broken_ = false;
    co_return bytes;
}

void RequestBody::check_size(int64_t bytes) const {
    if (bytes <= options_.max_body_bytes) return;
    throw Error(ErrorCode::invalid_input,
                "the request's body has " + std::to_string(bytes) + " bytes or more, the limit is " +
                    std::to_string(options_.max_body_bytes),
                "file_too_large");
}

asio::awaitable<void> RequestBody::begin() {
    is_begun_ = true;
    check_size(left_);
    if (!is_continue_due_) co_return;
    is_continue_due_ = false;
    if (!connection_.unread().empty()) co_return;  // the client did not wait
    const Io io = co_await connection_.send("HTTP/1.1 100 Continue\r\n\r\n", {}, options_.timeouts.write);
    settle(io, clock_.monotonic(), 0);
}

// Turns the end of a step into an error, unless it went well and fast enough.
void RequestBody::settle(Io io, Milliseconds begun, size_t received) {
    if (io == Io::closed)
        throw Error(
            ErrorCode::invalid_input,
            "the client broke off after " + std::to_string(bytes_read_) + " bytes of the request's body",
            "invalid_request");
    if (io == Io::timed_out) refuse_slow("the request's body did not come in time");
    waited_ += clock_.monotonic() - begun;
    bytes_received_ += static_cast<int64_t>(received);
    const bool is_slow = bytes_received_ * 1000 < options_.min_body_bytes_per_second * waited_.count();
    if (waited_ > options_.timeouts.rate_grace && is_slow) refuse_slow("the request's body comes too slowly");
}

size_t RequestBody::take_unread(std::span<std::byte> buffer) {
    const std::string_view unread = connection_.unread();
    const size_t bytes = copy(unread.substr(0, std::min(buffer.size(), unread.size())), buffer);
    connection_.consume(bytes);
    return bytes;
}

asio::awaitable<size_t> RequestBody::read_plain(std::span<std::byte> buffer) {
    if (static_cast<uint64_t>(left_) < buffer.size()) buffer = buffer.first(static_cast<size_t>(left_));
    size_t bytes = take_unread(buffer);
    if (bytes == 0) {
        const Milliseconds begun = clock_.monotonic();
        const Io io = co_await connection_.receive(buffer, options_.timeouts.body, bytes);
        settle(io, begun, bytes);
    }
    left_ -= static_cast<int64_t>(bytes);
    co_return bytes;
}

// Fills the buffer from what has been received; waits only while that yields nothing.
asio::awaitable<size_t> RequestBody::read_chunked(std::span<std::byte> buffer) {
    size_t bytes = 0;
    for (;;) {
        std::string_view unread = connection_.unread();
        const size_t before = unread.size();
        while (bytes < buffer.size()) {
            const std::string_view piece = chunks_.next(unread, buffer.size() - bytes);
            if (piece.empty()) break;
            bytes += copy(piece, buffer.subspan(bytes));
        }
        connection_.consume(before - unread.size());
        if (bytes > 0 || chunks_.is_done()) co_return bytes;
        const Milliseconds begun = clock_.monotonic();
        connection_.begin_deadline(options_.timeouts.body);
        const Io io = co_await connection_.fill();
        connection_.end_deadline();
        settle(io, begun, connection_.unread().size());
    }
}

bool RequestBody::is_skippable() const {
    if (is_broken_) return false;
    if (is_done()) return true;
    return !head_.is_chunked && !is_continue_due_ && left_ <= kMaxSkippedBytes;
}

asio::awaitable<bool> RequestBody::skip_rest(Milliseconds timeout) {
    std::array<std::byte, 4096> dropped;
    const Milliseconds end = clock_.monotonic() + timeout;
    while (left_ > 0) {
        const auto room = std::span(dropped).first(std::min(dropped.size(), static_cast<size_t>(left_)));
        size_t bytes = take_unread(room);
        if (bytes == 0) {
            const Io io = co_await connection_.receive(room, end - clock_.monotonic(), bytes);
            if (io != Io::ok) co_return false;
        }
        left_ -= static_cast<int64_t>(bytes);
    }
    co_return true;
}

}  // namespace msst::http
