// One connection's whole behaviour, told against one test server; each test is short and stands alone.
#include "http/session.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "http/error_reply.h"
#include "http/file_response.h"
#include "http/offload.h"
#include "http/support/test_server.h"
#include "support/temp_folder.h"

namespace msst::http {
namespace {

using testing::becomes_true;
using testing::count_body;
using testing::RawClient;
using testing::RawResponse;
using testing::say;
using testing::Signal;
using testing::TestServer;

constexpr char kGet[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(const std::string& path, const std::string& headers, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}

std::string sized(const std::string& body) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n";
}

class SessionTest : public ::testing::Test {
protected:
    SessionTest() {
        server.get("/hello", say("hello"));
        server.post("/count", count_body());
        server.post("/ignore", say("ignored"));
    }

    static ServerOptions options() {
        ServerOptions options;
        options.max_body_bytes = 100'000;
        return options;
    }

    std::string code_of(const RawResponse& response) { return nlohmann::json::parse(response.body)["code"]; }

    TestServer server{options()};
};

TEST_F(SessionTest, AnswersARequestWithWhatEveryResponseCarries) {
    server.start();
    const RawResponse response = server.exchange(kGet);

    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.header("content-length"), "5");
    EXPECT_EQ(response.header("server"), "msst");
    EXPECT_EQ(response.header("date"), "Thu, 15 Jan 2026 10:30:00 GMT");
    EXPECT_EQ(response.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(response.header("cache-control"), "no-store");
    EXPECT_EQ(response.header("x-request-id").size(), 36u);
}

TEST_F(SessionTest, RepeatsTheCallersRequestIdWhenItIsFitToBe) {
    server.start();
    const auto id_for = [&](const std::string& id) {
        return server.exchange("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + id + "\r\n\r\n")
            .header("x-request-id");
    };
    EXPECT_EQ(id_for("my id/7"), "my id/7");
    EXPECT_EQ(id_for(std::string(128, 'a')), std::string(128, 'a'));
    EXPECT_NE(id_for(std::string(129, 'a')), std::string(129, 'a'));
    EXPECT_NE(id_for("caf\xc3\xa9"), "caf\xc3\xa9");
}

TEST_F(SessionTest, ServesRequestAfterRequestOnOneConnection) {
    server.start();
    RawClient client = server.connect();
    for (int i = 0; i < 3; ++i) {
        client.send(kGet);
        const auto response = client.read();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->header("connection"), "");
    }
}

TEST_F(SessionTest, AnswersPipelinedRequestsInOrder) {
    server.start();
    RawClient client = server.connect();
    client.send(std::string(kGet) + post("/count", sized("abc"), "abc") + kGet);

    EXPECT_EQ(client.read()->body, "hello");
    EXPECT_EQ(client.read()->body, "3");
    EXPECT_EQ(client.read()->body, "hello");
}

TEST_F(SessionTest, UnderstandsARequestThatComesByteByByte) {
    server.start();
    RawClient client = server.connect();
    const std::string request = post("/count", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
    for (const char c : request) client.send(std::string(1, c));

    EXPECT_EQ(client.read()->body, "3");
}

TEST_F(SessionTest, ClosesWhenTheClientAsksForIt) {
    server.start();
    RawClient client = server.connect();
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n");

    EXPECT_EQ(client.read()->header("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SessionTest, KeepsAnHttp10ConnectionOnlyWhenAsked) {
    server.start();
    RawClient client = server.connect();
    client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(client.read()->header("connection"), "keep-alive");

    client.send("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.read()->header("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SessionTest, HeadHasTheHeadersOfGetAndNoBody) {
    server.start();
    RawClient client = server.connect();
    client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto head = client.read(/*to_head=*/true);
    client.send(kGet);
    const auto get = client.read();

    ASSERT_TRUE(head && get);
    EXPECT_EQ(head->header("content-length"), "5");
    EXPECT_EQ(get->body, "hello");
    EXPECT_EQ(head->headers.size(), get->headers.size());
}

TEST_F(SessionTest, EveryErrorIsAProblemDocument) {
    server.start();
    const RawResponse response =
        server.exchange("GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\n\r\n");

    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.header("content-type"), "application/problem+json");
    const auto problem = nlohmann::json::parse(response.body);
    EXPECT_EQ(problem["type"], "about:blank");
    EXPECT_EQ(problem["title"], "Not Found");
    EXPECT_EQ(problem["status"], 404);
    EXPECT_EQ(problem["code"], "not_found");
    EXPECT_EQ(problem["request_id"], "r1");
    EXPECT_TRUE(problem["errors"].is_array());
}

struct BadRequest {
    const char* name;
    std::string bytes;
    int status;
};

class MalformedRequest : public ::testing::TestWithParam<BadRequest> {};

TEST_P(MalformedRequest, IsAnsweredAsAProblemAndTheConnectionCloses) {
    TestServer server;
    server.get("/hello", say("hello"));
    server.post("/count", count_body());
    server.start();
    RawClient client = server.connect();
    client.send(GetParam().bytes);
    client.send(kGet);  // what follows is not a request any more

    const auto response = client.read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, GetParam().status) << response->body;
    EXPECT_EQ(response->header("content-type"), "application/problem+json");
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_EQ(nlohmann::json::parse(response->body)["status"], GetParam().status);
    EXPECT_TRUE(client.is_closed());
}

INSTANTIATE_TEST_SUITE_P(
    Table, MalformedRequest,
    ::testing::Values(
        BadRequest{
            "both_lengths",
            post("/count", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"),
            400},
        BadRequest{"length_twice", post("/count", "Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
        BadRequest{"length_list", post("/count", "Content-Length: 5, 5\r\n", "abcde"), 400},
        BadRequest{"length_plus", post("/count", "Content-Length: +5\r\n", "abcde"), 400},
        BadRequest{"length_negative", post("/count", "Content-Length: -1\r\n", ""), 400},
        BadRequest{"length_2_64", post("/count", "Content-Length: 18446744073709551616\r\n", ""), 400},
        BadRequest{"length_2_63", post("/count", "Content-Length: 9223372036854775808\r\n", ""), 400},
        BadRequest{"length_hex", post("/count", "Content-Length: 0x5\r\n", "abcde"), 400},
        BadRequest{"unknown_coding", post("/count", "Transfer-Encoding: xchunked\r\n", ""), 400},
        BadRequest{"coding_twice", post("/count", "Transfer-Encoding: chunked, chunked\r\n", ""), 400},
        BadRequest{"gzip_coding", post("/count", "Transfer-Encoding: gzip, chunked\r\n", ""), 501},
        BadRequest{"coding_1_0", "POST /count HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        BadRequest{"chunk_size_prefix", post("/count", "Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n"),
                   400},
        BadRequest{"chunk_size_sign", post("/count", "Transfer-Encoding: chunked\r\n", "+3\r\nabc\r\n"), 400},
        BadRequest{"chunk_size_huge",
                   post("/count", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\nabc\r\n"), 400},
        BadRequest{"chunk_bare_lf", post("/count", "Transfer-Encoding: chunked\r\n", "3\nabc\n0\n\n"), 400},
        BadRequest{"chunk_too_long", post("/count", "Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n"), 400},
        BadRequest{"folded", "GET /hello HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
        BadRequest{"space_before_colon", "GET /hello HTTP/1.1\r\nHost : x\r\n\r\n", 400},
        BadRequest{"no_host", "GET /hello HTTP/1.1\r\n\r\n", 400},
        BadRequest{"two_hosts", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        BadRequest{"bare_lf", "GET /hello HTTP/1.1\nHost: x\n\n", 400},
        BadRequest{"bare_cr", "GET /hello HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n", 400},
        BadRequest{"nul", "GET /hello HTTP/1.1\r\nHost: x\r\nA: b" + std::string(1, '\0') + "c\r\n\r\n", 400},
        BadRequest{"name_beyond_ascii", "GET /hello HTTP/1.1\r\nHost: x\r\n\xc3\xa4: b\r\n\r\n", 400},
        BadRequest{"target_beyond_ascii", "GET /hell\xc3\xb6 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadRequest{"fragment", "GET /hello#a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadRequest{"no_version", "GET /hello\r\nHost: x\r\n\r\n", 400},
        BadRequest{"version_2", "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        BadRequest{"expectation", post("/count", "Expect: a miracle\r\nContent-Length: 0\r\n", ""), 417},
        BadRequest{"tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400},
        BadRequest{"long_target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
        BadRequest{"endless_target", "GET /" + std::string(20'000, 'a'), 414},
        BadRequest{"many_fields",
                   [] {
                       std::string head = "GET /hello HTTP/1.1\r\nHost: x\r\n";
                       for (int i = 0; i < 1000; ++i) head += "A: b\r\n";
                       return head + "\r\n";
                   }(),
                   431},
        BadRequest{"large_field",
                   "GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n", 431}),
    [](const auto& test) { return test.param.name; });

TEST_F(SessionTest, RefusesADeclaredLengthOverTheLimitBeforeTheBodyIsRead) {
    server.start();
    RawClient client = server.connect();
    client.send(post("/count", "Content-Length: 100001\r\n", ""));

    const auto response = client.read();
    EXPECT_EQ(response->status, 400);
    EXPECT_EQ(code_of(*response), "file_too_large");
    EXPECT_EQ(response->header("connection"), "close");
    client.end_sending();
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SessionTest, CountsAChunkedBodyAgainstTheSameLimit) {
    server.start();
    RawClient client = server.connect();
    client.send(post("/count", "Transfer-Encoding: chunked\r\n", ""));
    for (int i = 0; i < 101; ++i) client.send("3e8\r\n" + std::string(1000, 'x') + "\r\n");

    const auto response = client.read();
    EXPECT_EQ(response->status, 400);
    EXPECT_EQ(code_of(*response), "file_too_large");
}

TEST_F(SessionTest, TakesABodyOfExactlyTheLimit) {
    server.start();
    EXPECT_EQ(server.exchange(post("/count", "Content-Length: 100000\r\n", std::string(100'000, 'x'))).body,
              "100000");
}

TEST_F(SessionTest, TakesOneByteChunksExtensionsAndTrailers) {
    server.start();
    std::string body;
    for (int i = 0; i < 5000; ++i) body += "1\r\nx\r\n";
    body += "001;a=b;c=\"d\"\r\nx\r\n0\r\nX-Trailer: 1\r\n\r\n";
    EXPECT_EQ(server.exchange(post("/count", "Transfer-Encoding: Chunked\r\n", body)).body, "5001");
}

TEST_F(SessionTest, RefusesEndlessChunkExtensions) {
    server.start();
    const std::string body = "1;" + std::string(64 * 1024, 'e') + "\r\nx\r\n0\r\n\r\n";
    EXPECT_EQ(server.exchange(post("/count", "Transfer-Encoding: chunked\r\n", body)).status, 400);
}

TEST_F(SessionTest, Sends100ContinueWhenTheBodyIsWanted) {
    server.start();
    RawClient client = server.connect();
    client.send(post("/count", "Expect: 100-continue\r\nContent-Length: 3\r\n", ""));
    EXPECT_EQ(client.read()->status, 100);

    client.send("abc");
    EXPECT_EQ(client.read()->body, "3");
    client.send(kGet);
    EXPECT_EQ(client.read()->body, "hello");
}

TEST_F(SessionTest, AnswersWithout100WhenTheBodyIsNotWanted) {
    server.start();
    for (const char* request : {"/ignore", "/nowhere"}) {
        RawClient client = server.connect();
        client.send(post(request, "Expect: 100-continue\r\nContent-Length: 3\r\n", ""));
        const auto response = client.read();
        EXPECT_NE(response->status, 100);
        EXPECT_EQ(response->header("connection"), "close");
    }
}

TEST_F(SessionTest, AnswersATooLargeBodyWithout100) {
    server.start();
    RawClient client = server.connect();
    client.send(post("/count", "Expect: 100-continue\r\nContent-Length: 100001\r\n", ""));
    EXPECT_EQ(client.read()->status, 400);
}

TEST_F(SessionTest, SkipsASmallBodyNobodyReadAndServesTheNextRequest) {
    server.start();
    RawClient client = server.connect();
    client.send(post("/ignore", sized("GET /x HTTP/1.1\r\n\r\n"), "GET /x HTTP/1.1\r\n\r\n") + kGet);

    EXPECT_EQ(client.read()->body, "ignored");
    EXPECT_EQ(client.read()->body, "hello");
}

TEST_F(SessionTest, ClosesAfterALargeBodyNobodyRead) {
    server.start();
    RawClient client = server.connect();
    client.send(post("/ignore", "Content-Length: 70000\r\n", std::string(70'000, 'x')));
    client.end_sending();

    EXPECT_EQ(client.read()->header("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SessionTest, TakesAnAbsoluteTargetAndLeadingEmptyLines) {
    server.start();
    EXPECT_EQ(server.exchange("\r\nGET http://example.org:80/hello?a=b HTTP/1.1\r\nHost: x\r\n\r\n").body,
              "hello");
}

TEST_F(SessionTest, KnowsWhichMethodsThereAre) {
    server.start();
    const auto status_of = [&](const std::string& method, const std::string& path) {
        return server.exchange(method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").status;
    };
    EXPECT_EQ(status_of("FROBNICATE", "/hello"), 501);
    EXPECT_EQ(status_of("get", "/hello"), 501);
    EXPECT_EQ(status_of("CONNECT", "example.org:443"), 501);
    EXPECT_EQ(status_of("TRACE", "/hello"), 405);
    EXPECT_EQ(status_of("DELETE", "/hello"), 405);
    EXPECT_EQ(status_of("OPTIONS", "/hello"), 405);
    EXPECT_EQ(status_of("OPTIONS", "*"), 404);
    EXPECT_EQ(server.exchange("PUT /hello HTTP/1.1\r\nHost: x\r\n\r\n").header("allow"), "GET, HEAD");
}

TEST_F(SessionTest, AnErrorOfOursTellsTheClientNothing) {
    server.get("/bug", [](Request&) -> asio::awaitable<Response> {
        throw Error(ErrorCode::internal, "/secret/path is wrong");
        co_return Response{};
    });
    server.get("/strange", [](Request&) -> asio::awaitable<Response> {
        throw std::out_of_range("vector::secret");
        co_return Response{};
    });
    server.start();
    for (const char* path : {"/bug", "/strange"}) {
        const RawResponse response =
            server.exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(response.status, 500);
        EXPECT_EQ(code_of(response), "internal_error");
        EXPECT_EQ(response.body.find("secret"), std::string::npos);
    }
}

TEST_F(SessionTest, ALineBreakInAResponseHeaderIsAnErrorOfOursNotAHeader) {
    server.get("/inject", [](Request&) -> asio::awaitable<Response> {
        Response response;
        response.set_header("X-Title", "a\r\nSet-Cookie: b=c");
        co_return response;
    });
    server.start();
    const RawResponse response = server.exchange("GET /inject HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.head.find("Set-Cookie"), std::string::npos);
}

TEST_F(SessionTest, AsksTheGatesInOrderBeforeAnythingElse) {
    server.hooks.gates = {[](Request& request, HeaderList& headers) -> asio::awaitable<void> {
                              headers.emplace_back("X-First", "1");
                              request.owner = "ada";
                              co_return;
                          },
                          [](Request& request, HeaderList& headers) -> asio::awaitable<void> {
                              headers.emplace_back("X-Second", request.owner);
                              if (request.header("X-Refuse"))
                                  throw ApiError({.status = beast_http::status::too_many_requests,
                                                  .code = "rate_limited",
                                                  .message = "too many",
                                                  .errors = {},
                                                  .headers = {{"Retry-After", "7"}}});
                              co_return;
                          }};
    server.start();
    EXPECT_EQ(server.exchange(kGet).header("x-second"), "ada");

    const RawResponse refused = server.exchange("GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Refuse: 1\r\n\r\n");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("retry-after"), "7");
    EXPECT_EQ(refused.header("x-first"), "1");
}

TEST_F(SessionTest, TellsTheObserversOfEveryRequest) {
    server.start();
    server.exchange(post("/count", sized("abc"), "abc"));
    server.wait_for_records(1);
    server.exchange("GET /nowhere?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    server.wait_for_records(2);
    server.exchange("nonsense\r\n\r\n");
    const auto records = server.wait_for_records(3);

    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].method, "POST");
    EXPECT_EQ(records[0].route, "/count");
    EXPECT_EQ(records[0].status, 200);
    EXPECT_EQ(records[0].bytes_in, 3);
    EXPECT_GT(records[0].bytes_out, 100);
    EXPECT_EQ(records[0].client_address, "127.0.0.1");
    EXPECT_TRUE(records[0].is_complete);
    EXPECT_EQ(records[1].route, "");
    EXPECT_EQ(records[1].path, "/nowhere");
    EXPECT_EQ(records[2].status, 400);
    EXPECT_EQ(records[2].method, "");
}

TEST_F(SessionTest, SendsFilesAndTextsOneAfterTheOther) {
    const msst::testing::TempFolder folder;
    std::string content(3'000'000, '\0');
    for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 256);
    {
        const UniqueFd out = open_file(folder / "a", O_CREAT | O_WRONLY);
        write_all(out.get(), content, folder / "a");
    }
    const auto file = std::make_shared<const UniqueFd>(open_file(folder / "a", O_RDONLY));
    server.get("/file", [&](Request&) -> asio::awaitable<Response> {
        Response response;
        response.body = Segments{"<", FileSlice{file, 1, 2'999'998}, "|", FileSlice{file, 5, 10}, ">"};
        co_return response;
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto response = client.read();

    EXPECT_EQ(response->header("content-length"), "3000011");
    EXPECT_TRUE(response->body == "<" + content.substr(1, 2'999'998) + "|" + content.substr(5, 10) + ">");
    client.send("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.read(/*to_head=*/true)->header("content-length"), "3000011");
    client.send(kGet);
    EXPECT_EQ(client.read()->body, "hello");
}

TEST_F(SessionTest, AFileThatBecameTooShortIsNeverACompleteAnswer) {
    const msst::testing::TempFolder folder;
    {
        const UniqueFd out = open_file(folder / "a", O_CREAT | O_WRONLY);
        write_all(out.get(), "short", folder / "a");
    }
    const auto file = std::make_shared<const UniqueFd>(open_file(folder / "a", O_RDONLY));
    server.get("/file", [&](Request&) -> asio::awaitable<Response> {
        Response response;
        response.body = Segments{FileSlice{file, 0, 1000}};
        co_return response;
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");

    EXPECT_EQ(client.read()->body, "short");
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(server.wait_for_records(1)[0].is_complete);
}

Handler count_for_ever() {
    return [](Request&) -> asio::awaitable<Response> {
        Response response;
        response.set_header("Content-Type", "text/event-stream");
        response.body = [](ChunkWriter& writer) -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor);
            for (;;) {
                co_await writer.write("data: tick\n\n");
                timer.expires_after(std::chrono::hours(1));
                co_await timer.async_wait(asio::use_awaitable);
            }
        };
        co_return response;
    };
}

TEST_F(SessionTest, SendsAStreamInChunks) {
    server.get("/stream", [](Request&) -> asio::awaitable<Response> {
        Response response;
        response.body = [](ChunkWriter& writer) -> asio::awaitable<void> {
            co_await writer.write("one ");
            co_await writer.write("");
            co_await writer.write("two and twenty");
        };
        co_return response;
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto response = client.read();

    EXPECT_EQ(response->header("transfer-encoding"), "chunked");
    EXPECT_EQ(response->header("content-length"), "");
    EXPECT_EQ(response->body, "one two and twenty");
    client.send("GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.read()->body, "one two and twenty");
}

TEST_F(SessionTest, EndsAStreamWhenTheClientGoes) {
    server.get("/ticks", count_for_ever());
    server.start();
    {
        RawClient client = server.connect();
        client.send("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n");
        client.skip(200);
    }
    EXPECT_TRUE(becomes_true([&] { return server.server().connections() == 0; }));
}

TEST_F(SessionTest, EndsAStreamProperlyWhenTheServerDrains) {
    server.get("/ticks", count_for_ever());
    server.start();
    RawClient client = server.connect();
    client.send("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n");
    client.skip(200);
    server.server().drain(std::chrono::hours(1));

    EXPECT_TRUE(client.read_to_end().ends_with("0\r\n\r\n"));
}

TEST_F(SessionTest, AStreamThatFailsDoesNotLookComplete) {
    server.get("/broken", [](Request&) -> asio::awaitable<Response> {
        Response response;
        response.body = [](ChunkWriter& writer) -> asio::awaitable<void> {
            co_await writer.write("half");
            throw Error(ErrorCode::internal, "a bug");
        };
        co_return response;
    });
    server.start();
    RawClient client = server.connect();
    client.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.read_to_end().ends_with("4\r\nhalf\r\n"));
}

TEST_F(SessionTest, SurvivesClientsThatLeaveAtEveryPointOfAnUpload) {
    server.start();
    const std::string request = post("/count", "Content-Length: 50000\r\n", std::string(50'000, 'x'));
    for (const size_t sent : {size_t{0}, size_t{10}, size_t{70}, request.size() / 2, request.size() - 1}) {
        RawClient leaves = server.connect();
        leaves.send(request.substr(0, sent));
        RawClient resets = server.connect();
        resets.send(request.substr(0, sent));
        resets.reset();
    }
    EXPECT_TRUE(becomes_true([&] { return server.server().connections() == 0; }));
    EXPECT_EQ(server.exchange(kGet).body, "hello");
}

TEST_F(SessionTest, SurvivesAClientThatLeavesDuringADownload) {
    server.get("/large", say(std::string(20'000'000, 'x')));
    server.start();
    {
        RawClient client = server.connect();
        client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
        client.skip(100);
        client.reset();
    }
    EXPECT_TRUE(becomes_true([&] { return server.server().connections() == 0; }));
    EXPECT_FALSE(server.wait_for_records(1)[0].is_complete);
}

TEST_F(SessionTest, AnswersAClientThatHasEndedSending) {
    server.start();
    RawClient client = server.connect();
    client.send(kGet);
    client.end_sending();
    EXPECT_EQ(client.read()->body, "hello");
    EXPECT_TRUE(client.is_closed());
}

// Time-outs. The clock stands until the test moves it, so the request is known to be under way.
TEST_F(SessionTest, ClosesAnIdleConnectionWithoutAWord) {
    server.start();
    RawClient client = server.connect();
    client.send(kGet);
    EXPECT_EQ(client.read()->body, "hello");
    ASSERT_TRUE(becomes_true([&] {
        server.clock.advance(Milliseconds(60'000));
        return server.server().connections() == 0;
    }));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SessionTest, AnswersAHeadThatDoesNotComeInTimeWith408) {
    server.start();
    RawClient client = server.connect();
    // In one piece, so that the second head has begun when the first is answered.
    client.send(std::string(kGet) + "GET /hello HT");
    EXPECT_EQ(client.read()->status, 200);
    std::optional<RawResponse> response;
    std::thread reader([&] { response = client.read(); });
    EXPECT_TRUE(becomes_true([&] {
        server.clock.advance(Milliseconds(1000));
        return server.server().connections() == 0;
    }));
    reader.join();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
}

TEST_F(SessionTest, AnswersABodyThatStopsComingWith408) {
    Signal reading;
    server.post("/slow", [&](Request& request) -> asio::awaitable<Response> {
        std::byte buffer[10];
        co_await request.body->read_some(buffer);
        reading.set();
        co_await request.body->read_some(buffer);
        co_return Response{};
    });
    server.start();
    RawClient client = server.connect();
    client.send(post("/slow", "Content-Length: 100\r\n", "x"));
    ASSERT_TRUE(reading.wait());
    std::optional<RawResponse> response;
    std::thread reader([&] { response = client.read(); });
    EXPECT_TRUE(becomes_true([&] {
        server.clock.advance(Milliseconds(1000));
        return server.server().connections() == 0;
    }));
    reader.join();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(response->header("connection"), "close");
}

TEST_F(SessionTest, CutsOffAClientThatDoesNotTakeItsAnswer) {
    server.get("/large", say(std::string(50'000'000, 'x')));
    server.start();
    RawClient client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    client.skip(100);
    EXPECT_TRUE(becomes_true([&] {
        server.clock.advance(Milliseconds(1000));
        return server.server().connections() == 0;
    }));
    EXPECT_FALSE(server.wait_for_records(1)[0].is_complete);
}

}  // namespace
}  // namespace msst::http
