#include "http/response_head.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::http {
namespace {

const Timestamp kNow(std::chrono::seconds(784'111'777));

TEST(ResponseHead, IsWrittenAsItGoesOverTheWire) {
    Response response;
    response.status = beast_http::status::created;
    response.set_header("Location", "/api/v1/tasks/1");
    EXPECT_EQ(
        serialize_head(response, {.content_length = 7, .is_closing = true}, {{"X-Request-Id", "r"}}, kNow),
        "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: msst\r\n"
        "Location: /api/v1/tasks/1\r\nX-Request-Id: r\r\nX-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, LeavesTheResponsesOwnCacheControl) {
    Response response;
    response.set_header("cache-control", "private");
    const std::string head = serialize_head(response, {}, {}, kNow);
    EXPECT_EQ(head.find("no-store"), std::string::npos);
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

TEST(ResponseHead, NoHeaderCanBeInjected) {
    for (const std::string& value : {std::string("a\r\nB: c"), std::string("a\nb"), std::string("a\rb"),
                                     std::string("a\0b", 3), std::string("\x1b")}) {
        Response response;
        response.set_header("X-Title", value);
        EXPECT_THROW(serialize_head(response, {}, {}, kNow), Error);
        EXPECT_THROW(serialize_head({}, {}, {{"X", value}}, kNow), Error);
    }
    Response response;
    response.set_header("X Title", "a");
    EXPECT_THROW(serialize_head(response, {}, {}, kNow), Error);
}

}  // namespace
}  // namespace msst::http
