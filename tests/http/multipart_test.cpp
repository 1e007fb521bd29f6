#include "http/multipart.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::http {
namespace {

using Kind = MultipartEvent::Kind;

struct Part {
    PartHeader header;
    std::string data;
};

// Feeds `body` in pieces that end at `cuts`; returns the finished parts.
std::vector<Part> parse(std::string_view body, std::vector<size_t> cuts = {}, std::string_view boundary = "b",
                        MultipartLimits limits = {}) {
    MultipartParser parser(boundary, limits);
    std::vector<Part> parts;
    bool is_open = false;
    bool is_ended = false;
    cuts.push_back(body.size());
    size_t from = 0;
    for (const size_t to : cuts) {
        // A copy of exactly this piece, so that reading past it is seen.
        const std::string piece(body.substr(from, to - from));
        std::string_view input = piece;
        from = to;
        for (;;) {
            const MultipartEvent event = parser.next(input);
            if (event.kind == Kind::need_more) break;
            EXPECT_FALSE(is_ended);
            EXPECT_EQ(is_open, event.kind == Kind::data || event.kind == Kind::part_end);
            if (event.kind == Kind::part_begin) parts.push_back({parser.part(), ""});
            if (event.kind == Kind::data) {
                EXPECT_FALSE(event.data.empty());
                parts.back().data += event.data;
            }
            if (event.kind != Kind::data) is_open = event.kind == Kind::part_begin;
            is_ended = event.kind == Kind::end;
        }
    }
    parser.finish();
    EXPECT_TRUE(is_ended);
    return parts;
}

std::string part(const std::string& disposition, const std::string& data, const std::string& boundary = "b") {
    return "--" + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + data +
           "\r\n";
}

TEST(Multipart, ReadsFieldsAndFiles) {
    const auto parts = parse(part("name=\"model_type\"", "dsp") +
                             "--b\r\ncontent-type: audio/wav\r\nCONTENT-DISPOSITION: form-data;name=file; "
                             "FileName=\"a b.wav\"\r\nX-Other: 1\r\n\r\nRIFF\r\n--b--\r\n");
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].header.name, "model_type");
    EXPECT_EQ(parts[0].header.file_name, std::nullopt);
    EXPECT_EQ(parts[0].data, "dsp");
    EXPECT_EQ(parts[1].header.name, "file");
    EXPECT_EQ(parts[1].header.file_name, "a b.wav");
    EXPECT_EQ(parts[1].header.content_type, "audio/wav");
    EXPECT_EQ(parts[1].data, "RIFF");
}

// Data full of what almost is a boundary.
const std::string kTricky =
    std::string("\r\n--\r\n-\r\r\n--bound\r\r\n\r--boundar\n\r\n--boundarz\0\r\n\r", 46);

TEST(Multipart, GivesTheSameWhereverTheBodyIsCut) {
    const std::string body = "preamble\r\n" + part("name=a", kTricky, "boundary") +
                             part("name=b", "", "boundary") +
                             part("name=c; filename=\"\"", "\r\n", "boundary") + "--boundary-- \r\nepilogue";
    const auto expect_same = [&](const std::vector<Part>& parts) {
        ASSERT_EQ(parts.size(), 3u);
        EXPECT_EQ(parts[0].data, kTricky);
        EXPECT_EQ(parts[1].data, "");
        EXPECT_EQ(parts[2].data, "\r\n");
        EXPECT_EQ(parts[2].header.file_name, "");
    };
    for (size_t first = 0; first <= body.size(); ++first) {
        expect_same(parse(body, {first}, "boundary"));
        for (size_t second = first; second <= std::min(body.size(), first + 14); ++second)
            expect_same(parse(body, {first, second}, "boundary"));
    }
    std::vector<size_t> everywhere;
    for (size_t i = 0; i < body.size(); ++i) everywhere.push_back(i);
    expect_same(parse(body, everywhere, "boundary"));
}

TEST(Multipart, TakesBlanksAfterABoundaryAndNestedMultipartAsData) {
    EXPECT_EQ(parse("--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--")[0].data, "x");
    const std::string nested = "--c\r\nContent-Disposition: form-data; name=z\r\n\r\ny\r\n--c--\r\n";
    EXPECT_EQ(parse(part("name=a", nested) + "--b--\r\n")[0].data, nested);
}

TEST(Multipart, ReadsNamesAsTheySay) {
    const auto name_of = [](const std::string& disposition) {
        return parse(part("name=f; " + disposition, "") + "--b--")[0].header.file_name.value_or("none");
    };
    EXPECT_EQ(name_of("filename=\"a \\\"b\\\" \\\\c.wav\""), "a \"b\" \\c.wav");
    EXPECT_EQ(name_of("filename=\"C:\\dir\\a.wav\""), "C:\\dir\\a.wav");
    EXPECT_EQ(name_of("filename=\"a;b=c.wav\""), "a;b=c.wav");
    EXPECT_EQ(name_of("filename=\"../../etc/passwd\""), "../../etc/passwd");
    EXPECT_EQ(name_of("filename=\"caf\xc3\xa9.wav\""), "caf\xc3\xa9.wav");
    EXPECT_EQ(name_of("filename=\"x.wav\"; filename*=UTF-8''caf%C3%A9.wav"), "caf\xc3\xa9.wav");
    EXPECT_EQ(name_of("filename*=utf-8'en'a%20b.wav"), "a b.wav");
    EXPECT_EQ(name_of("filename=x.wav; filename*=UTF-8''%FF"), "x.wav");
    EXPECT_EQ(name_of("filename=x.wav; filename*=latin1''a"), "x.wav");
    EXPECT_EQ(name_of("filename=x.wav;"), "x.wav");
    EXPECT_EQ(name_of("other=1"), "none");
}

class BadMultipart : public ::testing::TestWithParam<std::string> {};

TEST_P(BadMultipart, IsRefusedWhole) {
    try {
        parse(GetParam());
        FAIL() << "taken: " << GetParam();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        EXPECT_EQ(error.reason(), "invalid_request");
    }
}

std::string headers(const std::string& lines) {
    return "--b\r\n" + lines + "\r\n\r\nx\r\n--b--\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadMultipart,
    ::testing::Values(
        "", "x", "--b", "--b\r\n", "--b-", part("name=a", "x"), part("name=a", "x") + "--b",
        part("name=a", "x") + "--b-", part("name=a", "x") + "--c--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        "--bx\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--", part("name=a", "x") + "--b-x",
        "--b\n--b--", "--b\r\n\r\nx\r\n--b--", headers("Content-Type: a/b"),
        headers("Content-Disposition: attachment; name=a"), headers("Content-Disposition: form-data"),
        headers("Content-Disposition: form-data; name=\"\""),
        headers("Content-Disposition: form-data; name=\"a"),
        headers("Content-Disposition: form-data; name=a; name=b"),
        headers("Content-Disposition: form-data; name"), headers("Content-Disposition: form-data; name=a b"),
        headers("Content-Disposition: form-data; name=a; filename=a; FILENAME=b"),
        headers("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b"),
        headers("Content-Disposition: form-data; name=a\r\nno colon"),
        headers("Content-Disposition : form-data; name=a"),
        headers(" Content-Disposition: form-data; name=a"),
        headers("Content-Disposition: form-data; name=\"a\nb\""),
        headers("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64"),
        std::string(5000, 'p') + "\r\n" + part("name=a", "x") + "--b--",
        part("name=a", "x") + "--b--\r\n" + std::string(5000, 'e'),
        part("name=a", "x") + "--b" + std::string(300, ' ') + "\r\n",
        headers("Content-Disposition: form-data; name=a\r\nX: " + std::string(17'000, 'h')),
        "--b\r\n" + std::string(1'000'000, 'h')));

TEST(Multipart, CountsParts) {
    std::string body;
    for (int i = 0; i < 100; ++i) body += part("name=a", "x");
    EXPECT_EQ(parse(body + "--b--").size(), 100u);
    EXPECT_THROW(parse(body + part("name=a", "x") + "--b--"), Error);
}

TEST(MultipartBoundary, IsTakenFromTheContentType) {
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\""), "a b:c");
    EXPECT_EQ(multipart_boundary("multipart/form-data;boundary=" + std::string(70, 'b')),
              std::string(70, 'b'));
}

TEST(MultipartBoundary, IsRefusedWhenItIsNoneOrTwo) {
    for (const std::string& type :
         {std::string(""), std::string("application/json"), std::string("multipart/mixed; boundary=a"),
          std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
          std::string("multipart/form-data; boundary=\"\""),
          std::string("multipart/form-data; boundary=a; boundary=b"),
          std::string("multipart/form-data; boundary=\"a \""),
          std::string("multipart/form-data; boundary=\"a\r\nb\""),
          std::string("multipart/form-data; boundary=\"a\\\"b\""),
          "multipart/form-data; boundary=" + std::string(71, 'b')})
        EXPECT_THROW(multipart_boundary(type), Error) << type;
}

}  // namespace
}  // namespace msst::http
