#include "http/server.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "base/error.h"
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
