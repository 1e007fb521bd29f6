#include <gtest/gtest.h>

#include "base/error.h"
#include "http/multipart.h"
#include "http/support/test_server.h"

namespace msst::http {
namespace {

// A form whose parts come back as "name=value;" or "name:size;".
asio::awaitable<Response> list_parts(Request& request) {
    using Kind = MultipartEvent::Kind;
    MultipartReader reader(*request.body, request.header("Content-Type").value_or(""));
    Response response;
    std::string text;
    for (;;) {
        const MultipartEvent event = co_await reader.next();
        if (event.kind == Kind::end) break;
        if (event.kind != Kind::part_begin) continue;
        text += reader.part().name;
        if (!reader.part().file_name) {
            text += "=" + co_await reader.read_value(10) + ";";
            continue;
        }
        size_t size = 0;
        for (;;) {
            const MultipartEvent piece = co_await reader.next();
            if (piece.kind == Kind::part_end) break;
            size += piece.data.size();
        }
        text += ":" + std::to_string(size) + ";";
    }
    response.body = text;
    co_return response;
}

class MultipartReaderTest : public ::testing::Test {
protected:
    MultipartReaderTest() {
        server.post("/form", list_parts);
        server.start();
    }
    std::string request(const std::string& body) {
        return "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
               "boundary=b\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    testing::TestServer server;
};

const std::string kField = "--b\r\nContent-Disposition: form-data; name=f\r\n\r\n";
const std::string kFile = "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n";

TEST_F(MultipartReaderTest, ReadsAFormAndLeavesTheConnectionForTheNext) {
    testing::RawClient client = server.connect();
    const std::string body = kField + "value\r\n" + kFile + std::string(300'000, '\r') + "\r\n" + kField +
                             "x\r\n--b--\r\nepilogue";
    for (int i = 0; i < 2; ++i) {
        client.send(request(body));
        const auto response = client.read();
        EXPECT_EQ(response->body, "f=value;file:300000;f=x;");
        EXPECT_EQ(response->header("connection"), "");
    }
}

TEST_F(MultipartReaderTest, RefusesALongValueNamingTheField) {
    const auto response = server.exchange(request(kField + "12345678901\r\n--b--"));
    EXPECT_EQ(response.status, 400);
    EXPECT_NE(response.body.find("\"field\":\"f\""), std::string::npos);
}

TEST_F(MultipartReaderTest, RefusesAFormWithoutItsEnd) {
    EXPECT_EQ(server.exchange(request(kFile + "data")).status, 400);
    EXPECT_EQ(server.exchange(request("")).status, 400);
}

}  // namespace
}  // namespace msst::http
