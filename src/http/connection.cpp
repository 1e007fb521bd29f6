#include "http/connection.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/offload.h"

namespace msst::http {
namespace {

using boost::system::error_code;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();
constexpr size_t kReadBytes = 8 * 1024;
constexpr int64_t kFileBytesAtOnce = 4 * 1024 * 1024;
constexpr size_t kCopyBytes = 256 * 1024;
constexpr size_t kMaxLingerBytes = 64 * 1024 * 1024;

// What a burst of sendfile(2) achieved.
struct Burst {
    int64_t sent = 0;
    int error = 0;  // 0: all of it, or the file is too short
};

Burst send_burst(int socket, const FileSlice& slice) {
    Burst burst;
    off_t offset = slice.offset;
    while (burst.sent < slice.length) {
        const auto left = static_cast<size_t>(slice.length - burst.sent);
        const ssize_t sent = ::sendfile(socket, slice.file->get(), &offset, left);
        if (sent > 0) {
            burst.sent += sent;
        } else if (sent == 0 || errno != EINTR) {
            burst.error = sent == 0 ? 0 : errno;
            break;
        }
    }
    return burst;
}

FileSlice advanced(const FileSlice& slice, int64_t bytes) {
    return {slice.file, slice.offset + bytes, slice.length - bytes};
}

std::string read_piece(const FileSlice& slice) {
    std::string piece(std::min<size_t>(kCopyBytes, static_cast<size_t>(slice.length)), '\0');
    ssize_t bytes = 0;
    do bytes = ::pread(slice.file->get(), piece.data(), piece.size(), slice.offset);
    while (bytes < 0 && errno == EINTR);
    piece.resize(static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
    return piece;
}

}  // namespace

// The deadline of one step.
class Connection::Deadline {
public:
    Deadline(Connection& connection, Milliseconds timeout) : connection_(connection) {
        connection_.begin_deadline(timeout);
    }
    ~Deadline() { connection_.end_deadline(); }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

private:
    Connection& connection_;
};

Connection::Connection(Socket socket, const Clock& clock)
    : socket_(std::move(socket)), clock_(clock), deadline_ms_(kNoDeadline) {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.native_non_blocking(true, ignored);
}

void Connection::begin_deadline(Milliseconds timeout) {
    is_expired_ = false;
    deadline_ms_.store((clock_.monotonic() + timeout).count(), std::memory_order_relaxed);
}

void Connection::end_deadline() {
    deadline_ms_.store(kNoDeadline, std::memory_order_relaxed);
}

void Connection::expire_if_due(Milliseconds now) {
    if (!is_due(now)) return;
    is_expired_ = true;
    cancel_step();
}

void Connection::cancel_step() {
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::cut() {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.cancel(ignored);
}

Io Connection::outcome(const error_code& error) const {
    if (!error) return Io::ok;
    return is_expired_ && error == asio::error::operation_aborted ? Io::timed_out : Io::closed;
}

asio::awaitable<Io> Connection::wait_readable(Milliseconds timeout) {
    std::string().swap(buffer_);
    begin_ = 0;
    const Deadline deadline(*this, timeout);
    const auto [error] = co_await socket_.async_wait(Socket::wait_read, kAsTuple);
    co_return outcome(error);
}

asio::awaitable<Io> Connection::wait_writable(Milliseconds timeout) {
    const Deadline deadline(*this, timeout);
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, kAsTuple);
    co_return outcome(error);
}

void Connection::consume(size_t bytes) {
    begin_ += bytes;
    if (begin_ < buffer_.size()) return;
    buffer_.clear();
    begin_ = 0;
}

asio::awaitable<Io> Connection::fill() {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const size_t old = buffer_.size();
    buffer_.resize(old + kReadBytes);
    const auto room = asio::buffer(buffer_.data() + old, kReadBytes);
    const auto [error, received] = co_await socket_.async_read_some(room, kAsTuple);
    buffer_.resize(old + received);
    co_return outcome(error);
}

asio::awaitable<Io> Connection::receive(std::span<std::byte> buffer, Milliseconds timeout, size_t& received) {
    const Deadline deadline(*this, timeout);
    const auto room = asio::buffer(buffer.data(), buffer.size());
    const auto [error, bytes] = co_await socket_.async_read_some(room, kAsTuple);
    received = bytes;
    co_return outcome(error);
}

asio::awaitable<Io> Connection::send(std::string_view first, std::string_view second, Milliseconds timeout) {
    while (!first.empty() || !second.empty()) {
        const Deadline deadline(*this, timeout);
        const std::array<asio::const_buffer, 2> pieces = {asio::buffer(first), asio::buffer(second)};
        const auto [error, sent] = co_await socket_.async_write_some(pieces, kAsTuple);
        bytes_sent_ += static_cast<int64_t>(sent);
        if (error) co_return outcome(error);
        const size_t of_first = std::min(sent, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(sent - of_first);
    }
    co_return Io::ok;
}

asio::awaitable<Io> Connection::send(const FileSlice& slice, asio::thread_pool& blocking,
                                     Milliseconds timeout) {
    FileSlice rest = slice;
    const int socket = socket_.native_handle();
    while (rest.length > 0) {
        FileSlice piece = rest;
        piece.length = std::min(rest.length, kFileBytesAtOnce);
        const Burst burst = co_await offload(blocking, [&] { return send_burst(socket, piece); });
        rest = advanced(rest, burst.sent);
        bytes_sent_ += burst.sent;
        if (burst.sent == piece.length) continue;
        if (burst.error == EINVAL || burst.error == ENOSYS)
            co_return co_await send_by_copy(rest, blocking, timeout);
        if (burst.error != EAGAIN) co_return Io::closed;
        const Io waited = co_await wait_writable(timeout);
        if (waited != Io::ok) co_return waited;
    }
    co_return Io::ok;
}

// For file systems without sendfile(2).
asio::awaitable<Io> Connection::send_by_copy(const FileSlice& slice, asio::thread_pool& blocking,
                                             Milliseconds timeout) {
    FileSlice rest = slice;
    while (rest.length > 0) {
        const std::string piece = co_await offload(blocking, [&] { return read_piece(rest); });
        if (piece.empty()) co_return Io::closed;
        const Io sent = co_await send(piece, {}, timeout);
        if (sent != Io::ok) co_return sent;
        rest = advanced(rest, std::ssize(piece));
    }
    co_return Io::ok;
}

asio::awaitable<bool> Connection::wait_gone() {
    for (;;) {
        const auto [error] = co_await socket_.async_wait(Socket::wait_read, kAsTuple);
        if (error) co_return true;
        char byte = 0;
        const ssize_t peeked = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (peeked > 0) co_return false;
        if (peeked == 0 || (errno != EAGAIN && errno != EINTR)) co_return true;
    }
}

asio::awaitable<void> Connection::linger(Milliseconds timeout) {
    error_code failed;
    socket_.shutdown(Socket::shutdown_send, failed);
    if (failed) co_return;
    const Deadline deadline(*this, timeout);
    size_t dropped = unread().size();
    while (dropped < kMaxLingerBytes) {
        consume(unread().size());
        if (co_await fill() != Io::ok) co_return;
        dropped += unread().size();
    }
}

std::string Connection::client_address() const {
    error_code failed;
    const auto peer = socket_.remote_endpoint(failed).address();
    if (failed) return "";
    if (peer.is_v6() && peer.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, peer.to_v6()).to_string();
    return peer.to_string();
}

}  // namespace msst::http
