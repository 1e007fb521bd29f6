#include "http/request_head.h"

#include <gtest/gtest.h>

#include "http/error_reply.h"

namespace msst::http {
namespace {

RequestHead parse_one_head(const std::string& lines) {
    return parse_request_head(lines + "\r\n\r\n");
}

// The session's tests (session_test.cpp) hold the table of what is refused.

TEST(RequestHead, ReadsWhatTheSessionNeeds) {
    const RequestHead head = parse_one_head(
        "POST /a%20b?c=d&e HTTP/1.1\r\nHost: x:80\r\nX-Empty:\r\nX-Blank: \t b \r\n"
        "Content-Length: 007\r\nExpect: 100-Continue");
    EXPECT_EQ(head.method, beast_http::verb::post);
    EXPECT_EQ(head.path, "/a%20b");
    EXPECT_EQ(head.query, "c=d&e");
    EXPECT_EQ(head.content_length, 7);
    EXPECT_FALSE(head.is_chunked);
    EXPECT_TRUE(head.expects_continue);
    EXPECT_TRUE(head.is_keep_alive);
    EXPECT_EQ(head.fields.at("x-empty"), "");
    EXPECT_EQ(head.fields.at("x-blank"), "b");
}

TEST(RequestHead, ReadsTargetsInEveryForm) {
    EXPECT_EQ(parse_one_head("GET http://h HTTP/1.1\r\nHost: h").path, "/");
    EXPECT_EQ(parse_one_head("GET HTTPS://h:1?q HTTP/1.1\r\nHost: h").query, "q");
    EXPECT_EQ(parse_one_head("GET /a?b?c HTTP/1.1\r\nHost: h").query, "b?c");
    EXPECT_EQ(parse_one_head("OPTIONS * HTTP/1.1\r\nHost: h").path, "*");
    for (const char* target : {"*", "a", "ftp://h/", "http:///a", "http://a@b c/", "/a b", ""})
        EXPECT_THROW(parse_one_head("GET " + std::string(target) + " HTTP/1.1\r\nHost: h"), ApiError)
            << target;
}

TEST(RequestHead, DecidesAboutTheConnection) {
    const auto is_kept = [](const std::string& version, const std::string& connection) {
        return parse_one_head("GET / " + version + "\r\nHost: h\r\nConnection: " + connection).is_keep_alive;
    };
    EXPECT_TRUE(is_kept("HTTP/1.1", ""));
    EXPECT_FALSE(is_kept("HTTP/1.1", "keep-alive, CLOSE"));
    EXPECT_FALSE(is_kept("HTTP/1.0", ""));
    EXPECT_TRUE(is_kept("HTTP/1.0", "x, Keep-Alive"));
    EXPECT_TRUE(is_kept("HTTP/1.1", "closed"));
}

TEST(HeadScanner, FindsTheEndWhereverTheBytesAreCut) {
    const std::string bytes = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nbody";
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
        HeadScanner scanner;
        auto extent = scanner.scan(std::string_view(bytes).substr(0, cut));
        if (!extent) extent = scanner.scan(bytes);
        ASSERT_TRUE(extent) << cut;
        EXPECT_EQ(bytes.substr(extent->begin, extent->end - extent->begin),
                  "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    }
}

TEST(HeadScanner, StopsAtItsLimitsBeforeTheEndHasCome) {
    const auto status_of = [](const std::string& bytes) {
        try {
            HeadScanner().scan(bytes);
        } catch (const ApiError& error) {
            return static_cast<unsigned>(error.problem().status);
        }
        return 200u;
    };
    EXPECT_EQ(status_of("GET /" + std::string(8000, 'a')), 200u);
    EXPECT_EQ(status_of("GET /" + std::string(9000, 'a')), 414u);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + std::string(kMaxHeadBytes, 'a')), 431u);
    EXPECT_EQ(status_of("\r\n\r\n\r\n\r\n"), 400u);
    EXPECT_EQ(status_of("\n"), 400u);
}

}  // namespace
}  // namespace msst::http
