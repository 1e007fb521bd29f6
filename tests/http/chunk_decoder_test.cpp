#include "http/chunk_decoder.h"

#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::http {
namespace {

// Decodes `coded` given in pieces of `step` bytes; what follows the body is left in `rest`.
std::string decode(const std::string& coded, size_t step, std::string& rest) {
    ChunkDecoder decoder;
    std::string data;
    for (size_t at = 0; at < coded.size(); at += step) {
        std::string_view input = std::string_view(coded).substr(at, step);
        for (std::string_view piece; !(piece = decoder.next(input, 3)).empty();) data += piece;
        rest += input;
    }
    EXPECT_TRUE(decoder.is_done());
    return data;
}

TEST(ChunkDecoder, DecodesWhereverTheBytesAreCut) {
    const std::string coded =
        "5;ext=\"1\"\r\nhello\r\n00A\r\n, world!\r\n\r\n0\r\nTrailer: x\r\nB: y\r\n\r\nGET";
    for (size_t step = 1; step <= coded.size(); ++step) {
        std::string rest;
        EXPECT_EQ(decode(coded, step, rest), "hello, world!\r\n");
        EXPECT_EQ(rest, "GET");
    }
}

TEST(ChunkDecoder, RefusesWrongFraming) {
    for (const std::string& coded :
         {std::string("\r\n"), std::string("g\r\n"), std::string(" 1\r\n"), std::string("1 \r\n"),
          std::string("-1\r\n"), std::string("0x1\r\n"), std::string("1\n"), std::string("1\r\r"),
          std::string("1\r\nab\r\n"), std::string("1\r\na\n"), std::string("1;\x01\r\n"),
          std::string("0\r\nA: \x7f\r\n\r\n"), std::string("0\r\n\r\r"), std::string("1000000000000000\r\n"),
          "0" + std::string(20, '0') + "\r\n"}) {
        ChunkDecoder decoder;
        std::string_view input = coded;
        EXPECT_THROW(
            {
                while (!input.empty()) decoder.next(input, 100);
            },
            Error)
            << coded;
    }
}

TEST(ChunkDecoder, BoundsTrailersOverAll) {
    ChunkDecoder decoder;
    std::string coded = "0\r\n";
    for (int i = 0; i < 5000; ++i) coded += "A: b\r\n";
    std::string_view input = coded;
    EXPECT_THROW(decoder.next(input, 100), Error);
}

}  // namespace
}  // namespace msst::http
