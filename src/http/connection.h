#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/clock.h"
#include "http/message.h"

namespace boost::asio {
class thread_pool;
}

// A client's TCP connection, with a deadline for every step.

namespace msst::http {

// How a step ended.
enum class Io {
    ok,
    closed,     // by the client or an error of the network
    timed_out,  // the deadline passed; the connection itself still stands
};

// Used on its own strand, except where it says otherwise.
class Connection {
public:
    using Socket = asio::ip::tcp::socket;

    // Deadlines count on `clock`; they are looked at by expire_if_due.
    Connection(Socket socket, const Clock& clock);

    // Waits until there is something to read, holding no buffer meanwhile.
    asio::awaitable<Io> wait_readable(Milliseconds timeout);

    // What was received and not yet consumed.
    std::string_view unread() const { return std::string_view(buffer_).substr(begin_); }
    void consume(size_t bytes);
    // Receives more behind unread(). The deadline is the one that begin_deadline() set.
    asio::awaitable<Io> fill();
    // Receives into `buffer`, past what is unread: call only when that is empty. On ok, `received` > 0.
    asio::awaitable<Io> receive(std::span<std::byte> buffer, Milliseconds timeout, size_t& received);

    // Sends all of both; `timeout` is for every piece that the client takes.
    asio::awaitable<Io> send(std::string_view first, std::string_view second, Milliseconds timeout);
    // Sends a stretch of a file; the disk is read on `blocking`. A file that is too short counts as closed.
    asio::awaitable<Io> send(const FileSlice& slice, asio::thread_pool& blocking, Milliseconds timeout);

    // Returns true when the client has gone, false when it has sent something instead, so that nobody can
    // tell. No deadline.
    asio::awaitable<bool> wait_gone();
    // Ends sending, then reads and drops what still comes, for as long as `timeout` allows: closing with
    // unread input would make the client's system drop the answer.
    asio::awaitable<void> linger(Milliseconds timeout);

    // Deadline of every fill() until end_deadline().
    void begin_deadline(Milliseconds timeout);
    void end_deadline();

    // From any thread: whether the deadline has passed.
    bool is_due(Milliseconds now) const {
        return now.count() >= deadline_ms_.load(std::memory_order_relaxed);
    }
    // Ends the running step as timed out, if it is still due.
    void expire_if_due(Milliseconds now);
    // Ends every running step and lets none succeed any more. The descriptor stays open until the destructor,
    // as a file may be on its way through it.
    void cut();
    // Ends a running step.
    void cancel_step();

    std::string client_address() const;
    asio::any_io_executor executor() { return socket_.get_executor(); }
    int64_t bytes_sent() const { return bytes_sent_; }

private:
    class Deadline;

    Io outcome(const boost::system::error_code& error) const;
    asio::awaitable<Io> wait_writable(Milliseconds timeout);
    asio::awaitable<Io> send_by_copy(const FileSlice& rest, asio::thread_pool& blocking,
                                     Milliseconds timeout);

    Socket socket_;
    const Clock& clock_;
    std::string buffer_;
    size_t begin_ = 0;  // of what is unread in buffer_
    int64_t bytes_sent_ = 0;
    bool is_expired_ = false;
    std::atomic<int64_t> deadline_ms_;
};

}  // namespace msst::http
