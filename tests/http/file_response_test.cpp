#include "http/file_response.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "http/error_reply.h"
#include "support/temp_folder.h"

namespace msst::http {
namespace {

using beast_http::status;
using beast_http::verb;

// The bytes a client would see.
std::string text_of(const Segments& segments) {
    std::string text;
    for (const auto& segment : segments) {
        if (const auto* piece = std::get_if<std::string>(&segment)) {
            text += *piece;
            continue;
        }
        const FileSlice& slice = std::get<FileSlice>(segment);
        std::string bytes(static_cast<size_t>(slice.length), '\0');
        EXPECT_EQ(pread(slice.file->get(), bytes.data(), bytes.size(), slice.offset), slice.length);
        text += bytes;
    }
    return text;
}

std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return "";
}

class FileResponse : public ::testing::Test {
protected:
    FileResponse() {
        const UniqueFd out = open_file(folder / "a", O_CREAT | O_WRONLY);
        write_all(out.get(), "--3456789", folder / "a");
        file = std::make_shared<const UniqueFd>(open_file(folder / "a", O_RDONLY));
        entity.content = {"012", FileSlice{file, 2, 7}, "abcde"};
        entity.etag = "\"v1\"";
        entity.last_modified = Timestamp(std::chrono::seconds(784'111'777));
        entity.content_type = "audio/wav";
        entity.file_name = "s.wav";
    }

    Response get(std::initializer_list<std::pair<const char*, const char*>> headers,
                 verb method = verb::get) {
        Request request;
        request.method = method;
        for (const auto& [name, value] : headers) request.headers.insert(name, value);
        return file_response(request, entity);
    }
    std::string body(const Response& response) { return text_of(std::get<Segments>(response.body)); }
    Problem refusal(std::initializer_list<std::pair<const char*, const char*>> headers) {
        try {
            get(headers);
        } catch (const ApiError& error) {
            return error.problem();
        }
        return {.status = status::ok, .code = {}, .message = "not refused", .errors = {}, .headers = {}};
    }

    msst::testing::TempFolder folder;
    std::shared_ptr<const UniqueFd> file;
    Entity entity;
};

TEST_F(FileResponse, IsTheWholeWithItsValidators) {
    const Response response = get({});
    EXPECT_EQ(response.status, status::ok);
    EXPECT_EQ(body(response), "0123456789abcde");
    EXPECT_EQ(header(response, "ETag"), "\"v1\"");
    EXPECT_EQ(header(response, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(header(response, "Accept-Ranges"), "bytes");
    EXPECT_EQ(header(response, "Content-Type"), "audio/wav");
    EXPECT_EQ(header(response, "Content-Disposition"),
              "attachment; filename=\"s.wav\"; filename*=UTF-8''s.wav");
}

TEST_F(FileResponse, CutsEveryRangeOutOfThePieces) {
    const std::string whole = "0123456789abcde";
    for (size_t first = 0; first < whole.size(); ++first)
        for (size_t last = first; last < whole.size(); ++last) {
            const std::string range = "bytes=" + std::to_string(first) + "-" + std::to_string(last);
            const Response response = get({{"Range", range.c_str()}});
            EXPECT_EQ(response.status, status::partial_content);
            EXPECT_EQ(body(response), whole.substr(first, last - first + 1));
            EXPECT_EQ(header(response, "Content-Range"),
                      "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/15");
        }
}

TEST_F(FileResponse, SendsSeveralRangesAsMultipart) {
    const Response response = get({{"Range", "bytes=0-1,-2"}});
    const std::string type = header(response, "Content-Type");
    ASSERT_TRUE(type.starts_with("multipart/byteranges; boundary="));
    const std::string boundary = type.substr(31);
    EXPECT_EQ(body(response),
              "\r\n--" + boundary + "\r\nContent-Type: audio/wav\r\nContent-Range: bytes 0-1/15\r\n\r\n01" +
                  "\r\n--" + boundary +
                  "\r\nContent-Type: audio/wav\r\nContent-Range: bytes 13-14/15\r\n\r\nde\r\n--" + boundary +
                  "--\r\n");
    EXPECT_EQ(header(response, "Content-Range"), "");
}

TEST_F(FileResponse, RefusesWhatNoByteMeets) {
    const Problem problem = refusal({{"Range", "bytes=15-"}});
    EXPECT_EQ(problem.status, status::range_not_satisfiable);
    EXPECT_EQ(problem.headers, (HeaderList{{"Content-Range", "bytes */15"}}));
}

TEST_F(FileResponse, IgnoresRangeForHeadAndWhenTwiceThere) {
    EXPECT_EQ(get({{"Range", "bytes=0-1"}}, verb::head).status, status::ok);
    EXPECT_EQ(get({{"Range", "bytes=0-1"}, {"Range", "bytes=3-4"}}).status, status::ok);
}

TEST_F(FileResponse, ServesTheRangeOnlyWhileIfRangeHolds) {
    EXPECT_EQ(get({{"Range", "bytes=0-1"}, {"If-Range", "\"v1\""}}).status, status::partial_content);
    EXPECT_EQ(get({{"Range", "bytes=0-1"}, {"If-Range", "\"v0\""}}).status, status::ok);
    EXPECT_EQ(get({{"Range", "bytes=99-"}, {"If-Range", "\"v0\""}}).status, status::ok);
}

TEST_F(FileResponse, ConditionsComeBeforeRanges) {
    const Response response = get({{"Range", "bytes=99-"}, {"If-None-Match", "\"v1\""}});
    EXPECT_EQ(response.status, status::not_modified);
    EXPECT_EQ(header(response, "ETag"), "\"v1\"");
    EXPECT_EQ(header(response, "Content-Type"), "");
    EXPECT_EQ(refusal({{"If-Match", "\"v0\""}}).status, status::precondition_failed);
}

TEST_F(FileResponse, ServesAnEmptyFile) {
    entity.content = {};
    EXPECT_EQ(body(get({})), "");
    EXPECT_EQ(refusal({{"Range", "bytes=0-"}}).status, status::range_not_satisfiable);
}

TEST_F(FileResponse, CuttingBeyondTheEndIsABug) {
    EXPECT_THROW(cut(entity.content, 10, 6), Error);
    EXPECT_THROW(cut(entity.content, -1, 2), Error);
    EXPECT_TRUE(cut(entity.content, 15, 0).empty());
}

}  // namespace
}  // namespace msst::http
