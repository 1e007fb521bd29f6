#include "checkpoint/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "checkpoint/parse.h"

namespace msst::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::parse;
using testing::PickleBuilder;
using testing::refusal;
using testing::torch_zip;

std::string gzip(std::string bytes) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string checkpoint_file() {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("weight").tensor({}).set_items();
    return torch_zip(pickle.stop());
}

TEST(Gzip, ACompressedCheckpointIsReadAsIfItWereNot) {
    const Checkpoint checkpoint = parse(gzip(checkpoint_file()));

    EXPECT_THAT(checkpoint.names(), ElementsAre("weight"));
    EXPECT_THAT(checkpoint.read("weight"), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Gzip, WhatIsNotACheckpointInsideIsRefusedByItsContent) {
    EXPECT_THAT(refusal(gzip("<html>")), HasSubstr("a web page"));
    EXPECT_THAT(refusal(gzip(gzip(checkpoint_file()))), HasSubstr("gzip-compressed twice"));
    EXPECT_THAT(refusal(gzip("")), HasSubstr("empty"));
}

TEST(Gzip, AnythingCutShortIsRefused) {
    const std::string whole = gzip(checkpoint_file());
    for (size_t size = 2; size < whole.size(); ++size)
        ASSERT_THAT(refusal(whole.substr(0, size)), HasSubstr("gzip: cut short")) << size << " bytes";
}

TEST(Gzip, DamageIsNoticed) {
    std::string file = gzip(checkpoint_file());
    file[file.size() - 6] ^= 1;  // its checksum
    EXPECT_THAT(refusal(file), HasSubstr("gzip: incorrect data check"));
}

TEST(Gzip, WhatFollowsBehindTheEndIsRefused) {
    EXPECT_THAT(refusal(gzip(checkpoint_file()) + "more"), HasSubstr("gzip: 4 bytes follow behind its end"));
}

TEST(Gzip, AFileThatGrowsTooMuchIsRefusedBeforeItFillsTheMemory) {
    const std::string bomb = gzip(std::string(32 << 20, '\0'));
    ASSERT_LT(bomb.size(), 40'000u);
    EXPECT_THAT(refusal(bomb),
                AllOf(HasSubstr(std::to_string(bomb.size())), HasSubstr("more than 16777216")));
}

}  // namespace
}  // namespace msst::checkpoint
