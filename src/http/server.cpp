#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/failure_pace.h"
#include "base/log.h"
#include "http/session.h"

namespace msst::http {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

constexpr std::chrono::milliseconds kAcceptRest{20};
// Idle for less, a connection is not sent away: its request may be on its way.
constexpr Milliseconds kShortestIdle{1'000};
// Connections that were sent away and are not gone yet: as many more than there is room for.
constexpr int kMostLeaving = 16;

constexpr char kRefusal[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\n"
    "Connection: close\r\nContent-Length: 147\r\n\r\n"
    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"code\":\"overloaded\","
    "\"message\":\"too many connections\",\"detail\":\"too many connections\"}";

// Sets the soft limit of open files to the hard one; returns it.
int64_t raise_open_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

// The first descriptor that is not for connections. The system gives out the lowest number that is free, so a
// connection gets this one, or a higher, exactly when all below are really in use: by sockets or by files.
int64_t first_reserved(const ServerOptions& options) {
    int64_t limit = raise_open_file_limit();
    if (options.open_files > 0) limit = std::min(limit, options.open_files);
    return limit - std::min<int64_t>(options.reserved_files, limit / 2);
}

bool is_out_of_descriptors(const error_code& error) {
    return error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOBUFS ||
           error.value() == ENOMEM;
}

UniqueFd open_reserve() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

class Server::Listener {
public:
    Listener(ServerOptions options, Router router, Hooks hooks, asio::thread_pool& blocking,
             const Clock& clock, Log& log)
        : options_(std::move(options)),
          router_(std::move(router)),
          hooks_(std::move(hooks)),
          clock_(clock),
          log_(log),
          io_(options_.threads),
          control_(asio::make_strand(io_)),
          acceptor_(control_),
          sweep_timer_(control_),
          context_{options_, router_, hooks_, blocking, clock_, log_, is_draining_} {}

    void start();
    int port() const { return port_; }
    int connections() const {
        const std::lock_guard lock(mutex_);
        return static_cast<int>(clients_.size());
    }
    void drain(Milliseconds patience);
    void join();

private:
    struct Client {
        Client(tcp::socket socket, const SessionContext& context) : session(std::move(socket), context) {}

        Session session;
        asio::cancellation_signal cut;
        bool is_leaving = false;  // guarded by mutex_; sent away
    };
    using Clients = std::unordered_set<std::shared_ptr<Client>>;

    void listen();
    void work();
    asio::awaitable<void> accept_clients();
    void shed_client();
    bool admit(tcp::socket socket);
    bool has_room_for(int socket);
    bool make_room();
    void leave(const std::shared_ptr<Client>& client, std::exception_ptr failure);
    asio::awaitable<void> watch_deadlines();
    void expire_due(Milliseconds now);
    void cut_all();
    void begin_drain();
    bool is_over() const { return is_draining_ && connections() == 0; }
    Clients clients() const {
        const std::lock_guard lock(mutex_);
        return clients_;
    }

    const ServerOptions options_;
    const Router router_;
    const Hooks hooks_;
    const Clock& clock_;
    Log& log_;
    std::atomic<bool> is_draining_ = false;
    std::atomic<int64_t> cut_at_ms_ = std::numeric_limits<int64_t>::max();
    int64_t first_reserved_ = 0;
    int port_ = 0;
    UniqueFd reserve_;  // given up to accept and close a client when there is no other descriptor
    FailurePace shed_;  // clients that were closed in that way

    asio::io_context io_;
    asio::any_io_executor control_;  // a strand: acceptor and timer are used on it
    tcp::acceptor acceptor_;
    asio::steady_timer sweep_timer_;
    const SessionContext context_;

    mutable std::mutex mutex_;
    Clients clients_;  // guarded by mutex_
    std::vector<std::thread> threads_;
};

void Server::Listener::start() {
    std::signal(SIGPIPE, SIG_IGN);
    first_reserved_ = first_reserved(options_);
    reserve_ = open_reserve();
    listen();
    asio::co_spawn(control_, accept_clients(), asio::detached);
    asio::co_spawn(control_, watch_deadlines(), asio::detached);
    for (int i = 0; i < std::max(1, options_.threads); ++i) threads_.emplace_back([this] { work(); });
}

void Server::Listener::listen() {
    const std::string port = std::to_string(options_.port);
    try {
        const auto found = tcp::resolver(io_).resolve(options_.host, port, tcp::resolver::passive);
        const tcp::endpoint endpoint = found.begin()->endpoint();
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        if (endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false));
        acceptor_.bind(endpoint);
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
    } catch (const boost::system::system_error& error) {
        throw Error(ErrorCode::unavailable,
                    "cannot listen on " + options_.host + " port " + port + ": " + error.code().message());
    }
}

void Server::Listener::work() {
    for (;;) {
        try {
            io_.run();
            return;
        } catch (const std::exception& error) {
            log_.error("server_thread", {{"error", error.what()}});
        }
    }
}

asio::awaitable<void> Server::Listener::accept_clients() {
    while (!is_draining_) {
        const asio::any_io_executor strand = asio::make_strand(io_);
        auto [error, socket] = co_await acceptor_.async_accept(strand, kAsTuple);
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
        if (!error && admit(std::move(socket))) continue;
        if (is_out_of_descriptors(error)) shed_client();
        // Whatever it is, it may last: the loop does not spin on it.
        asio::steady_timer rest(control_, kAcceptRest);
        co_await rest.async_wait(kAsTuple);
    }
}

// Out of file descriptors: the client that waits is let in through the reserve and out again, so that it does
// not hang.
void Server::Listener::shed_client() {
    reserve_.reset();
    { const UniqueFd client(::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)); }
    reserve_ = open_reserve();
    if (shed_.count_failure(clock_.monotonic()))
        log_.warning("out_of_descriptors", {{"connections", connections()}, {"shed", shed_.failures()}});
}

bool Server::Listener::has_room_for(int socket) {
    return socket < first_reserved_ && connections() < options_.max_connections;
}

// Sends away who has been idle the longest. False: nobody has been for long enough.
bool Server::Listener::make_room() {
    const std::lock_guard lock(mutex_);
    const int64_t latest = (clock_.monotonic() - kShortestIdle).count();
    std::shared_ptr<Client> longest;
    int leaving = 0;
    for (const auto& client : clients_) {
        if (client->is_leaving) ++leaving;
        const int64_t since = client->session.idle_since_ms();
        if (client->is_leaving || since > latest) continue;
        if (!longest || since < longest->session.idle_since_ms()) longest = client;
    }
    if (!longest || leaving >= kMostLeaving) return false;
    longest->is_leaving = true;
    asio::post(longest->session.connection().executor(), [longest] { longest->session.leave_if_idle(); });
    return true;
}

// False: there was no memory for one more.
bool Server::Listener::admit(tcp::socket socket) {
    if (!has_room_for(socket.native_handle()) && !make_room()) {
        // What does not fit into the socket's buffer is not worth waiting for.
        ::send(socket.native_handle(), kRefusal, sizeof kRefusal - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        return true;
    }
    std::shared_ptr<Client> client;
    try {
        client = std::make_shared<Client>(std::move(socket), context_);
        {
            const std::lock_guard lock(mutex_);
            clients_.insert(client);
        }
        auto done = [this, client](std::exception_ptr failure) { leave(client, failure); };
        asio::co_spawn(client->session.connection().executor(), client->session.run(),
                       asio::bind_cancellation_slot(client->cut.slot(), std::move(done)));
        return true;
    } catch (const std::exception& error) {
        log_.error("connection_refused", {{"error", error.what()}});
        const std::lock_guard lock(mutex_);
        clients_.erase(client);
        return false;
    }
}

void Server::Listener::leave(const std::shared_ptr<Client>& client, std::exception_ptr failure) {
    {
        const std::lock_guard lock(mutex_);
        clients_.erase(client);
    }
    if (is_over()) asio::post(control_, [this] { sweep_timer_.cancel(); });
    try {
        if (failure) std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted)
            log_.error("connection_failed", {{"error", error.what()}});
    } catch (const std::exception& error) {
        log_.error("connection_failed", {{"error", error.what()}});
    }
}

// Ends steps that take too long, and a drain that does. One timer for all connections: setting a deadline is
// storing a number.
asio::awaitable<void> Server::Listener::watch_deadlines() {
    while (!is_over()) {
        sweep_timer_.expires_after(options_.sweep);
        co_await sweep_timer_.async_wait(kAsTuple);
        const Milliseconds now = clock_.monotonic();
        expire_due(now);
        if (is_draining_ && now.count() >= cut_at_ms_) cut_all();
    }
}

void Server::Listener::expire_due(Milliseconds now) {
    const std::lock_guard lock(mutex_);
    for (const auto& client : clients_) {
        Connection& connection = client->session.connection();
        if (!connection.is_due(now)) continue;
        asio::post(connection.executor(), [client, now] { client->session.connection().expire_if_due(now); });
    }
}

void Server::Listener::cut_all() {
    for (const auto& client : clients())
        asio::post(client->session.connection().executor(), [client] {
            client->session.connection().cut();
            client->cut.emit(asio::cancellation_type::terminal);
        });
}

void Server::Listener::drain(Milliseconds patience) {
    const int64_t cut_at = (clock_.monotonic() + patience).count();
    int64_t earlier = cut_at_ms_;
    while (cut_at < earlier && !cut_at_ms_.compare_exchange_weak(earlier, cut_at)) {
    }
    if (!is_draining_.exchange(true)) asio::post(control_, [this] { begin_drain(); });
}

void Server::Listener::begin_drain() {
    error_code ignored;
    acceptor_.close(ignored);
    sweep_timer_.cancel();
    for (const auto& client : clients())
        asio::post(client->session.connection().executor(), [client] { client->session.drain(); });
}

void Server::Listener::join() {
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

Server::Server(ServerOptions options, Router router, Hooks hooks, asio::thread_pool& blocking,
               const Clock& clock, Log& log)
    : listener_(std::make_unique<Listener>(std::move(options), std::move(router), std::move(hooks), blocking,
                                           clock, log)) {}

Server::~Server() {
    drain(Milliseconds(0));
    join();
}

void Server::start() {
    listener_->start();
}
int Server::port() const {
    return listener_->port();
}
int Server::connections() const {
    return listener_->connections();
}
void Server::drain(Milliseconds patience) {
    listener_->drain(patience);
}
void Server::join() {
    listener_->join();
}

}  // namespace msst::http
