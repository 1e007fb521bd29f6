#include "http/disposition.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace msst::http {
namespace {

TEST(Disposition, NamesAFileTwice) {
    EXPECT_EQ(attachment_disposition("song (vocals).wav"),
              "attachment; filename=\"song (vocals).wav\"; filename*=UTF-8''song%20%28vocals%29.wav");
    EXPECT_EQ(attachment_disposition("caf\xc3\xa9 \xf0\x9f\x8e\xb5.wav"),
              "attachment; filename=\"caf_ _.wav\"; filename*=UTF-8''caf%C3%A9%20%F0%9F%8E%B5.wav");
}

TEST(Disposition, IsOneLineOfPrintableAsciiForAnyBytes) {
    std::string every;
    for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
    for (const std::string& name :
         {every, std::string("a\r\nSet-Cookie: x=y"), std::string("\"; x=\""), std::string("..\\..\\x"),
          std::string("a%22b"), std::string("\xff\xfe")}) {
        const std::string header = attachment_disposition(name);
        EXPECT_TRUE(std::ranges::all_of(header, [](char c) { return c >= 0x20 && c < 0x7f; })) << header;
        EXPECT_EQ(std::ranges::count(header, '"'), 2) << header;
        const std::string plain = header.substr(0, header.find("filename*"));
        EXPECT_EQ(plain.find_first_of("\\%/"), std::string::npos) << header;
    }
}

}  // namespace
}  // namespace msst::http
