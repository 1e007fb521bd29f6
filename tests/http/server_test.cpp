#include "http/server.h"

#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "http/offload.h"
#include "http/support/test_server.h"

namespace msst::http {
namespace {

using testing::becomes_true;
using testing::RawClient;
using testing::say;
using testing::Signal;
using testing::TestServer;

constexpr char kGet[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Server, NamesHostAndPortWhenItCannotListen) {
    TestServer first;
    first.start();
    ServerOptions options;
    options.port = first.server().port();
    TestServer second(options);
    try {
        second.start();
        FAIL() << "two servers listen on one port";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_NE(std::string(error.what()).find(std::to_string(options.port)), std::string::npos);
    }
}

TEST(Server, RefusesConnectionsBeyondItsLimitAndRecovers) {
    ServerOptions options;
    options.max_connections = 2;
    TestServer server(options);
    server.get("/hello", say("hello"));
    server.start();
    auto first = std::make_unique<RawClient>(server.connect());
    RawClient second = server.connect();
    for (RawClient* client : {first.get(), &second}) {
        client->send(kGet);
        EXPECT_EQ(client->read()->status, 200);
    }

    RawClient third = server.connect();
    const auto refused = third.read();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(std::to_string(refused->body.size()), refused->header("content-length"));
    first.reset();
    ASSERT_TRUE(becomes_true([&] { return server.server().connections() == 1; }));
    EXPECT_EQ(server.exchange(kGet).status, 200);
}

TEST(Server, GivesTheLongestIdleConnectionsPlaceToANewcomer) {
    ServerOptions options;
    options.max_connections = 2;
    TestServer server(options);
    server.get("/hello", say("hello"));
    server.start();
    RawClient first = server.connect();
    ASSERT_TRUE(becomes_true([&] { return server.server().connections() == 1; }));
    server.clock.advance(Milliseconds(2'000));
    RawClient second = server.connect();
    ASSERT_TRUE(becomes_true([&] { return server.server().connections() == 2; }));
    server.clock.advance(Milliseconds(2'000));

    EXPECT_EQ(server.exchange(kGet).status, 200);
    EXPECT_TRUE(first.is_closed());
    second.send(kGet);
    EXPECT_EQ(second.read()->status, 200);
}

TEST(Server, SendsAwayWhoNeverCompletesARequest) {
    ServerOptions options;
    options.max_connections = 1;
    TestServer server(options);
    server.get("/hello", say("hello"));
    server.start();
    RawClient slow = server.connect();
    slow.send("GET /hello HTTP/1.1\r\nHo");
    ASSERT_TRUE(becomes_true([&] { return server.server().connections() == 1; }));
    server.clock.advance(Milliseconds(2'000));

    EXPECT_EQ(server.exchange(kGet).status, 200);
    EXPECT_TRUE(slow.is_closed());
}

TEST(Server, KeepsAConnectionThatIsBeingAnswered) {
    ServerOptions options;
    options.max_connections = 1;
    TestServer server(options);
    Signal entered;
    Signal released;
    server.get("/slow", [&](Request&) -> asio::awaitable<Response> {
        co_await offload(server.blocking, [&] {
            entered.set();
            released.wait();
        });
        co_return Response{};
    });
    server.start();
    RawClient busy = server.connect();
    busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(entered.wait());
    server.clock.advance(Milliseconds(2'000));

    EXPECT_EQ(server.connect().read()->status, 503);
    released.set();
    EXPECT_EQ(busy.read()->status, 200);
}

// The descriptor that the next file would get.
int next_descriptor() {
    return open_file("/dev/null", O_RDONLY).get();
}

TEST(Server, TakesConnectionsUntilOnlyTheReservedDescriptorsAreLeft) {
    constexpr int kForConnections = 60;
    ServerOptions options;
    options.reserved_files = 20;
    options.open_files = next_descriptor() + kForConnections + options.reserved_files;
    const int64_t first_reserved = options.open_files - options.reserved_files;
    TestServer server(options);
    server.get("/hello", say("hello"));
    server.start();
    std::vector<UniqueFd> files;  // as if they were on their way to somebody
    for (int i = 0; i < 20; ++i) files.push_back(open_file("/dev/null", O_RDONLY));

    std::vector<RawClient> clients;
    const auto is_served = [&] {
        clients.push_back(server.connect());
        clients.back().send(kGet);
        const auto answer = clients.back().read();
        return answer && answer->status == 200;
    };
    while (is_served()) ASSERT_LT(clients.size(), 100U);
    EXPECT_GE(next_descriptor(),
              first_reserved - 2);  // a connection is two here: the test's and the server's

    files.clear();
    EXPECT_TRUE(is_served());
}

TEST(Server, DrainClosesIdleConnectionsAndEnds) {
    TestServer server;
    server.get("/hello", say("hello"));
    server.start();
    RawClient idle = server.connect();
    idle.send(kGet);
    idle.read();
    RawClient silent = server.connect();
    server.server().drain(std::chrono::hours(1));
    server.server().join();

    EXPECT_TRUE(idle.is_closed());
    EXPECT_EQ(server.server().connections(), 0);
}

TEST(Server, DrainLetsARunningRequestFinishAndClosesAfterIt) {
    TestServer server;
    Signal entered;
    Signal released;
    server.get("/slow", [&](Request&) -> asio::awaitable<Response> {
        co_await offload(server.blocking, [&] {
            entered.set();
            released.wait();
        });
        Response response;
        response.body = "done";
        co_return response;
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(entered.wait());
    server.server().drain(std::chrono::hours(1));
    released.set();
    const auto response = client.read();

    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "done");
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST(Server, DrainCutsWhatOutlastsItsPatience) {
    TestServer server;
    Signal entered;
    server.get("/for-ever", [&](Request&) -> asio::awaitable<Response> {
        entered.set();
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
        co_await timer.async_wait(asio::use_awaitable);
        co_return Response{};
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /for-ever HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(entered.wait());
    server.server().drain(Milliseconds(5000));
    server.clock.advance(Milliseconds(5000));
    server.server().join();

    EXPECT_TRUE(client.is_closed());
}

TEST(Server, DrainCutsWorkOnThePoolOnlyAfterItCameBack) {
    TestServer server;
    Signal entered;
    Signal released;
    bool is_finished = false;
    server.get("/slow", [&](Request&) -> asio::awaitable<Response> {
        co_await offload(server.blocking, [&] {
            entered.set();
            released.wait();
            is_finished = true;
        });
        co_return Response{};
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(entered.wait());
    server.server().drain(Milliseconds(0));
    EXPECT_TRUE(client.is_closed());
    released.set();
    server.server().join();

    EXPECT_TRUE(is_finished);
}

TEST(Server, EndsWithoutHavingBeenStarted) {
    TestServer server;
    Server never(ServerOptions{}, server.router, server.hooks, server.blocking, server.clock, server.log);
    never.drain(Milliseconds(0));
    never.join();
    EXPECT_EQ(never.connections(), 0);
}

}  // namespace
}  // namespace msst::http
