#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audio/audio_files.h"
#include "audio/decoder.h"
#include "audio/probe.h"
#include "support/temp_folder.h"

// Files that were whole once.

namespace msst::audio {
namespace {

using msst::testing::TempFolder;
using namespace testing;  // NOLINT: the helpers of audio_files.h
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The bytes of a test file with `count` of them inverted where two thirds are over.
std::string damaged(const std::string& name, size_t count) {
    std::string bytes = read_bytes(test_audio(name));
    const size_t begin = bytes.size() * 2 / 3;
    for (size_t i = begin; i < begin + count; ++i) bytes[i] = static_cast<char>(~bytes[i]);
    return bytes;
}

Decoded decode_bytes(const std::string& bytes) {
    const TempFolder folder;
    write_bytes(folder / "song", bytes);
    return decode(folder / "song");
}

Error error_of(const std::string& bytes) {
    const TempFolder folder;
    write_bytes(folder / "song", bytes);
    return decoding_error(folder / "song");
}

// Frames from `begin` to `end`.
Block part(const Block& block, int64_t begin, int64_t end) {
    Block result(block.channels, end - begin);
    for (int c = 0; c < block.channels; ++c)
        std::ranges::copy(block.channel(c).subspan(begin, end - begin), result.channel(c).begin());
    return result;
}

class DamagedMiddle : public ::testing::TestWithParam<const char*> {};

TEST_P(DamagedMiddle, LeavesBothEndsAtTheirPlaceAndIsTold) {
    const Decoded decoded = decode_bytes(damaged(GetParam(), 600));
    const Block source = read_source("stereo44", 2);

    ASSERT_EQ(decoded.audio.frames, source.frames);
    EXPECT_GT(snr_db(part(source, 0, 40000), part(decoded.audio, 0, 40000)), 20);
    EXPECT_GT(snr_db(part(source, 92000, 100000), part(decoded.audio, 92000, 100000)), 20);
    EXPECT_LT(snr_db(source, decoded.audio), 20) << "something was damaged";
    EXPECT_THAT(decoded.warnings, Contains(HasSubstr("seconds of damaged audio were replaced by silence")));
}

INSTANTIATE_TEST_SUITE_P(EveryFormatWithAClock, DamagedMiddle,
                         ::testing::Values("s16.flac", "s24.flac", "flac.ogg", "vorbis.ogg", "aac.m4a"),
                         [](const auto& test) {
                             std::string name = test.param;
                             name[name.find('.')] = '_';
                             return name;
                         });

// MP3 has no clock: how many frames a damaged stretch held is a guess.
TEST(DamagedMp3, KeepsItsBeginningAndAboutItsLength) {
    for (const char* name : {"cbr.mp3", "vbr.mp3"}) {
        const Decoded decoded = decode_bytes(damaged(name, 600));
        const Block source = read_source("stereo44", 2);

        EXPECT_NEAR(static_cast<double>(decoded.audio.frames), 100000, 3 * 1152) << name;
        EXPECT_GT(snr_db(part(source, 0, 40000), part(decoded.audio, 0, 40000)), 20) << name;
        EXPECT_THAT(decoded.warnings, Contains(HasSubstr("corrupt frames were skipped"))) << name;
    }
}

TEST(DamagedFlac, IsSilentWhereItWasDamaged) {
    const Decoded decoded = decode_bytes(damaged("s16.flac", 10));

    EXPECT_EQ(decoded.audio.frames, 100000);
    EXPECT_THAT(decoded.warnings, Contains(HasSubstr("seconds of damaged audio were replaced by silence")));
    for (float sample : decoded.audio.samples) ASSERT_LE(std::abs(sample), 0.56f) << "no noise";
}

class CutShort : public ::testing::TestWithParam<const char*> {};

TEST_P(CutShort, GivesWhatIsThere) {
    const std::string bytes = read_bytes(test_audio(GetParam()));
    const Decoded decoded = decode_bytes(bytes.substr(0, bytes.size() * 6 / 10));
    const Block source = read_source("stereo44", 2);

    ASSERT_GT(decoded.audio.frames, 40000);
    EXPECT_LT(decoded.audio.frames, 75000);
    EXPECT_GT(snr_db(part(source, 0, 40000), part(decoded.audio, 0, 40000)), 20);
}

INSTANTIATE_TEST_SUITE_P(EveryFormat, CutShort,
                         ::testing::Values("s16.wav", "rf64.wav", "s16.flac", "vorbis.ogg", "cbr.mp3",
                                           "aac_front.m4a"),
                         [](const auto& test) {
                             std::string name = test.param;
                             name[name.find('.')] = '_';
                             return name;
                         });

TEST(CutShort, IsToldWhereTheHeaderKnowsTheLength) {
    for (const char* name : {"s16.wav", "rf64.wav", "s16.flac", "aac_front.m4a"}) {
        const std::string bytes = read_bytes(test_audio(name));
        const Decoded decoded = decode_bytes(bytes.substr(0, bytes.size() * 6 / 10));
        EXPECT_THAT(decoded.warnings, Contains(HasSubstr("of the 2.27 seconds it declares"))) << name;
    }
}

TEST(CutShort, OfAnMp4WithoutItsIndexIsAnError) {
    const std::string bytes = read_bytes(test_audio("aac.m4a"));  // the index is at the end
    EXPECT_EQ(error_of(bytes.substr(0, bytes.size() / 2)).reason(), "invalid_audio");
}

TEST(DamagedAudio, WithNothingThatDecodesIsAnError) {
    for (const char* name : {"s16.flac", "vorbis.ogg", "cbr.mp3", "aac_front.m4a", "opus.ogg"}) {
        std::string bytes = read_bytes(test_audio(name));
        bytes.resize(60);
        const Error error = error_of(bytes);
        EXPECT_EQ(error.code(), ErrorCode::invalid_input) << name;
        EXPECT_THAT(error.what(), Not(HasSubstr("/"))) << "no path";
    }
}

TEST(DamagedAudio, MayLoseItsFirstFrames) {
    std::string bytes = read_bytes(test_audio("s16.flac"));
    const size_t first_frame = bytes.find("\xff\xf8");
    ASSERT_NE(first_frame, std::string::npos);
    for (size_t i = first_frame + 20; i < first_frame + 40; ++i) bytes[i] = static_cast<char>(~bytes[i]);
    const Decoded decoded = decode_bytes(bytes);

    EXPECT_EQ(decoded.audio.frames, 100000);
    EXPECT_THAT(decoded.warnings, Not(IsEmpty()));
}

TEST(DamagedAudio, MayLoseItsLastFrames) {
    std::string bytes = read_bytes(test_audio("s16.flac"));
    for (size_t i = bytes.size() - 100; i < bytes.size() - 50; ++i) bytes[i] = static_cast<char>(~bytes[i]);
    const Decoded decoded = decode_bytes(bytes);

    EXPECT_EQ(decoded.audio.frames, 100000);
    EXPECT_THAT(decoded.warnings, Not(IsEmpty()));
}

TEST(NotFiniteSamples, BecomeSilenceAndAreCounted) {
    const Decoded decoded = decode(test_audio("nan.wav"));

    ASSERT_EQ(decoded.audio.frames, 1000);
    EXPECT_EQ(decoded.audio.channel(0)[5], 0);
    EXPECT_EQ(decoded.audio.channel(1)[5], 0);
    EXPECT_EQ(decoded.audio.channel(0)[250], 0);
    EXPECT_EQ(decoded.audio.channel(0)[251], 0.25f);
    EXPECT_THAT(decoded.warnings, Contains("3 samples were not finite numbers and were replaced by 0"));
}

}  // namespace
}  // namespace msst::audio
