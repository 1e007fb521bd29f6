#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "http/hooks.h"
#include "http/router.h"

namespace boost::asio {
class thread_pool;
}

namespace msst {
class Log;
}

// The HTTP/1.1 server: listens, and runs one session (http/session.h) per connection on a few threads. When
// there is room for no more, a newcomer takes the place of the connection that has been idle the longest, or
// is answered 503 where none has been for a second.

namespace msst::http {

struct Timeouts {
    Milliseconds header{15'000};      // from a request's first byte to its head's end
    Milliseconds idle{60'000};        // before a request's first byte
    Milliseconds body{30'000};        // without a byte of the body
    Milliseconds write{60'000};       // without a byte of the answer taken
    Milliseconds linger{2'000};       // for the rest of a body that nobody wants
    Milliseconds rate_grace{30'000};  // of waiting for a body, before its average rate counts
};

struct ServerOptions {
    std::string host = "127.0.0.1";  // an address of this machine, or a name that resolves to one
    int port = 0;                    // 0: the system picks a free one
    int threads = 2;                 // that serve connections
    int max_connections = 20'000;
    // Of the descriptors of the process, that connections leave to everything else: files on their way, the
    // database, workers. The limit of open files is the hard one; 0 takes it as it is.
    int reserved_files = 256;
    int64_t open_files = 0;
    int64_t max_body_bytes = int64_t{501} * 1000 * 1000;  // of one request, as received
    int64_t min_body_bytes_per_second = 256;
    Timeouts timeouts;
    Milliseconds sweep{250};  // how often deadlines are looked at
};

class Server {
public:
    // `blocking` is the pool for work that waits for the disk; it, the clock and the log must outlive the
    // server.
    Server(ServerOptions options, Router router, Hooks hooks, boost::asio::thread_pool& blocking,
           const Clock& clock, Log& log);
    // Drains without patience if nobody did.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Listens, and answers on threads of its own. Throws Error(unavailable) naming host and port when it
    // cannot listen. From here on SIGPIPE is ignored in this process, and its limit of open files is raised
    // to the hard one.
    void start();

    // After start(): the port it listens on.
    int port() const;

    // Connections open now. Thread-safe.
    int connections() const;

    // Stops listening. Idle connections are closed, running requests are answered with `Connection: close`,
    // streams are ended; what is left after `patience` is cut off. Returns at once; the first call counts,
    // except that a shorter patience later is taken. Thread-safe.
    void drain(Milliseconds patience);

    // Waits until a drain is done and every thread has ended.
    void join();

private:
    class Listener;
    std::unique_ptr<Listener> listener_;
};

}  // namespace msst::http
