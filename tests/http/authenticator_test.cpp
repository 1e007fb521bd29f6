#include "http/authenticator.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/sha256.h"
#include "http/support/test_server.h"

namespace msst::http {
namespace {

Authenticator authenticator() {
    return Authenticator({{"ada", sha256_hex("key-a")}, {"bob", sha256_hex("key:b")}});
}

TEST(Authenticator, KnowsAKeyInBothSchemes) {
    const Authenticator known = authenticator();
    EXPECT_EQ(known.identify("Bearer key-a"), "ada");
    EXPECT_EQ(known.identify("bearer  key:b "), "bob");
    EXPECT_EQ(known.identify("Basic dXNlcjprZXktYQ=="), "ada");  // user:key-a
    EXPECT_EQ(known.identify("BASIC OmtleTpi"), "bob");          // :key:b
}

TEST(Authenticator, KnowsNobodyElse) {
    const Authenticator known = authenticator();
    EXPECT_EQ(known.identify(std::nullopt), std::nullopt);
    for (const char* header : {"", "Bearer", "Bearer ", "Bearer key-A", "Bearer key-a2", "Bearerkey-a",
                               "key-a", "Digest key-a", "Basic", "Basic key-a", "Basic dXNlcg==",
                               "Basic ????", "Basic a2V5LWE6dXNlcg==", "Bearer key-a key-a"})
        EXPECT_EQ(known.identify(header), std::nullopt) << header;
    EXPECT_EQ(Authenticator(std::vector<ApiKeyHash>()).identify("Bearer key-a"), std::nullopt);
}

TEST(Authenticator, RefusesAHashThatIsNone) {
    const auto make = [](const std::string& hash) {
        return Authenticator(std::vector<ApiKeyHash>{{.name = "x", .sha256 = hash}});
    };
    EXPECT_THROW(make("abc"), Error);
    EXPECT_THROW(make(std::string(64, 'g')), Error);
    EXPECT_THROW(make(std::string(66, 'a')), Error);
    EXPECT_NO_THROW(make(std::string(64, 'A')));
}

TEST(AuthenticationGate, LetsInOnlyWithAKeyAndSaysHow) {
    testing::TestServer server;
    server.hooks.gates = {authentication_gate(authenticator())};
    server.get("/who", [](Request& request) -> asio::awaitable<Response> {
        Response response;
        response.body = request.owner;
        co_return response;
    });
    server.start();
    EXPECT_EQ(server.exchange("GET /who HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\n\r\n").body,
              "ada");

    for (const char* path : {"/who", "/nowhere"}) {
        const auto refused = server.exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(refused.status, 401);
        EXPECT_EQ(refused.header("www-authenticate"), "Bearer realm=\"msst\", Basic realm=\"msst\"");
    }
}

TEST(AuthenticationGate, RefusesAnUploadWithoutReadingIt) {
    testing::TestServer server;
    server.hooks.gates = {authentication_gate(authenticator())};
    server.post("/count", testing::count_body());
    server.start();
    testing::RawClient client = server.connect();
    client.send("POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
    EXPECT_EQ(client.read()->status, 401);
    EXPECT_EQ(server.wait_for_records(1)[0].bytes_in, 0);
}

}  // namespace
}  // namespace msst::http
