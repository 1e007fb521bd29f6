#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio_files.h"
#include "audio/decoder.h"
#include "audio/probe.h"
#include "base/files.h"
#include "support/temp_folder.h"

// Files that were made to be something else.

namespace msst::audio {
namespace {

using msst::testing::TempFolder;
using namespace testing;  // NOLINT: the helpers of audio_files.h
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

template <typename Number>
std::string little_endian(Number number) {
    std::string bytes(sizeof(number), '\0');
    std::memcpy(bytes.data(), &number, sizeof(number));
    return bytes;
}

struct WavHeader {
    uint16_t channels = 2;
    uint32_t sample_rate = 44100;
    uint16_t block_align = 4;
    uint16_t bits = 16;
    uint32_t data_bytes = 40000;
};

// 40000 bytes of audio behind a header that says what it likes.
std::string make_wav(const WavHeader& header) {
    return "RIFF" + little_endian(header.data_bytes + 36) + "WAVEfmt " + little_endian(uint32_t{16}) +
           little_endian(uint16_t{1}) + little_endian(header.channels) + little_endian(header.sample_rate) +
           little_endian(header.sample_rate * header.block_align) + little_endian(header.block_align) +
           little_endian(header.bits) + "data" + little_endian(header.data_bytes) +
           std::string(40000, '\x11');
}

class Upload : public ::testing::Test {
protected:
    std::filesystem::path file(const std::string& bytes, const std::string& name = "upload") const {
        write_bytes(folder_ / name, bytes);
        return folder_ / name;
    }
    Error error_of(const std::string& bytes) const { return decoding_error(file(bytes)); }

    TempFolder folder_;
};

TEST_F(Upload, DecodesWithoutAnExtension) {
    EXPECT_EQ(decode(file(read_bytes(test_audio("s16.flac")))).info.format, "flac");
}

TEST_F(Upload, IsJudgedByContentNotByName) {
    EXPECT_EQ(probe(file(read_bytes(test_audio("cbr.mp3")), "song.wav")).format, "mp3");
    EXPECT_EQ(probe(file(read_bytes(test_audio("aac.m4a")), "song.ogg")).format, "m4a");
}

TEST_F(Upload, OfNothingIsAnError) {
    const Error error = error_of("");
    EXPECT_EQ(error.reason(), "invalid_audio");
    EXPECT_STREQ(error.what(), "the file is empty");
}

TEST_F(Upload, OfTextIsUnsupported) {
    for (const std::string& text : {std::string("<!DOCTYPE html><html><body><p>not audio</p></body></html>"),
                                    std::string("just words\n"), std::string(100000, 'a'),
                                    std::string(5000, '\0'), std::string("RIFF")}) {
        const Error error = error_of(text);
        EXPECT_EQ(error.reason(), "unsupported_format") << text.substr(0, 20);
        EXPECT_THAT(error.what(), AllOf(HasSubstr("send WAV, FLAC"), Not(HasSubstr("/tmp"))));
    }
}

struct Refusal {
    const char* file;
    const char* name;
};

class OtherFormat : public ::testing::TestWithParam<Refusal> {};

TEST_P(OtherFormat, IsRefusedByName) {
    const Error error = decoding_error(test_audio(GetParam().file));
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_EQ(error.reason(), "unsupported_format");
    EXPECT_THAT(error.what(), HasSubstr(GetParam().name));
}

INSTANTIATE_TEST_SUITE_P(OurCodecOrNot, OtherFormat,
                         ::testing::Values(Refusal{"other.mkv", "Matroska"}, Refusal{"other.avi", "AVI"},
                                           Refusal{"other.w64", "Wave64"}, Refusal{"other.aac", "ADTS"},
                                           Refusal{"adpcm.wav", "adpcm_ms"}, Refusal{"mp2.mp3", "mp2"},
                                           Refusal{"speex.ogg", "speex"}, Refusal{"cover.png", "png"}),
                         [](const auto& test) {
                             std::string name = test.param.file;
                             name[name.find('.')] = '_';
                             return name;
                         });

// Tells whether a file is opened from here on.
class OpenWatch {
public:
    explicit OpenWatch(const std::filesystem::path& file) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        EXPECT_GE(inotify_add_watch(fd_.get(), file.c_str(), IN_OPEN), 0);
    }
    bool was_opened() const {
        char events[4096];
        return ::read(fd_.get(), events, sizeof(events)) > 0;
    }

private:
    UniqueFd fd_;
};

TEST(OpenWatch, SeesAnOpen) {
    const OpenWatch watch(test_audio("s16.wav"));
    EXPECT_FALSE(watch.was_opened());
    read_bytes(test_audio("s16.wav"));
    EXPECT_TRUE(watch.was_opened());
}

TEST_F(Upload, OfAPlaylistOpensNothingElse) {
    const std::string other = file(read_bytes(test_audio("s16.wav")), "other.wav").string();
    const OpenWatch watch(other);
    for (const std::string& playlist :
         {"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + other + "\n#EXT-X-ENDLIST\n",
          "ffconcat version 1.0\nfile '" + other + "'\n", "#EXTM3U\nfile://" + other + "\n",
          "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><BaseURL>" + other +
              "</BaseURL></MPD>"})
        EXPECT_EQ(error_of(playlist).reason(), "unsupported_format") << playlist;
    EXPECT_FALSE(watch.was_opened());
}

TEST_F(Upload, OfAnMp4WhoseAudioIsElsewhereOpensNothingElse) {
    // The data reference box "url " with flag 1 means "in this file"; flag 0 and a name mean another one.
    const std::string other = file(read_bytes(test_audio("s16.wav")), "other.wav").string();
    const OpenWatch watch(other);
    std::string bytes = read_bytes(test_audio("aac.m4a"));
    const size_t url = bytes.find(std::string("url \0\0\0\1", 8));
    ASSERT_NE(url, std::string::npos);
    bytes.replace(url, 8, std::string("alis\0\0\0\0", 8));
    decoding_error(file(bytes));
    EXPECT_FALSE(watch.was_opened());
}

TEST_F(Upload, ThatIsNoRegularFileIsRefused) {
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(decoding_error(folder_ / "fifo").reason(), "invalid_audio");
    EXPECT_EQ(decoding_error(folder_.path()).code(), ErrorCode::invalid_input);
}

TEST_F(Upload, ThatIsGoneIsNotFound) {
    EXPECT_EQ(decoding_error(folder_ / "gone").code(), ErrorCode::not_found);
}

TEST_F(Upload, MayPromiseMoreThanItHolds) {
    const Decoded decoded = decode(file(make_wav({.data_bytes = 0xffff'fff0})));
    EXPECT_EQ(decoded.audio.frames, 10000);
    EXPECT_NEAR(decoded.info.duration_seconds, 10000 / 44100.0, 0.01) << "not 4 GB";
}

TEST_F(Upload, WithImpossibleNumbersInItsHeaderIsRefused) {
    for (const WavHeader& header :
         {WavHeader{.channels = 65535, .block_align = 65535}, WavHeader{.channels = 65, .block_align = 130},
          WavHeader{.channels = 0}, WavHeader{.sample_rate = 0}, WavHeader{.sample_rate = 999},
          WavHeader{.sample_rate = 768001}, WavHeader{.sample_rate = 0xffff'ffff},
          WavHeader{.data_bytes = 0}}) {
        const Error error = error_of(make_wav(header));
        if (header.data_bytes == 0) continue;  // FFmpeg then reads to the end of the file
        EXPECT_EQ(error.reason(), "invalid_audio")
            << header.channels << " channels, " << header.sample_rate << " Hz";
    }
}

TEST_F(Upload, MayHaveManyChannelsWithoutNames) {
    const Decoded decoded = decode(file(make_wav({.channels = 10, .block_align = 20})));
    EXPECT_EQ(decoded.audio.channels, 2);
    EXPECT_EQ(decoded.audio.frames, 2000);
    for (float sample : decoded.audio.samples) ASSERT_NEAR(sample, 0x1111 / 32768.0, 1e-6);
}

TEST_F(Upload, MayLieAboutTheLengthInFlac) {
    std::string bytes = read_bytes(test_audio("s16.flac"));
    // STREAMINFO's 36 bits of total samples end at byte 26 of the file.
    bytes[21] = static_cast<char>(bytes[21] | 0x0f);
    for (int i = 22; i < 26; ++i) bytes[i] = '\xff';
    const Decoded decoded = decode(file(bytes));
    EXPECT_EQ(decoded.audio.frames, 100000);
}

TEST_F(Upload, MayNotSayHowLongItIsInFlac) {
    std::string bytes = read_bytes(test_audio("s16.flac"));
    bytes[21] = static_cast<char>(bytes[21] & 0xf0);
    for (int i = 22; i < 26; ++i) bytes[i] = '\0';
    const Decoded decoded = decode(file(bytes));
    EXPECT_EQ(decoded.audio.frames, 100000);
    EXPECT_GT(decoded.info.duration_seconds, 0);
    EXPECT_EQ(decoded.info.frames, std::nullopt);
}

TEST(Probe, ReadsOnlyTheBeginningOfALongFile) {
    const AudioInfo info = probe(test_audio("silent_hour.flac"));
    EXPECT_EQ(info.format, "flac");
    EXPECT_EQ(info.sample_rate, 8000);
    EXPECT_EQ(info.channels, 1);
    EXPECT_EQ(info.duration_seconds, 3600);
    EXPECT_EQ(info.frames, 28'800'000);
}

TEST(Limit, IsAppliedWhileDecoding) {
    Decoder decoder(test_audio("silent_hour.flac"), {.max_seconds = 600});
    Block block;
    try {
        while (decoder.read(block)) {
        }
        FAIL() << "an hour passed for ten minutes";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        EXPECT_EQ(error.reason(), "audio_too_long");
        EXPECT_THAT(error.what(), AllOf(HasSubstr("3600"), HasSubstr("600")));
    }
    EXPECT_LE(decoder.frames_read(), 600 * 8000 + Decoder::kMaxBlockFrames);
}

TEST(Limit, HoldsWhereTheHeaderSaysLess) {
    const TempFolder folder;
    std::string bytes = read_bytes(test_audio("silent_hour.flac"));
    bytes[21] = static_cast<char>(bytes[21] & 0xf0);
    for (int i = 22; i < 26; ++i) bytes[i] = '\1';
    write_bytes(folder / "bomb", bytes);
    EXPECT_EQ(decoding_error(folder / "bomb", {.max_seconds = 2200}).reason(), "audio_too_long");
}

TEST(Limit, AllowsExactlyThatLength) {
    EXPECT_EQ(decode(test_audio("stereo96.flac"), {.max_seconds = 123457.0 / 96000}).audio.frames, 123457);
    EXPECT_EQ(decoding_error(test_audio("stereo96.flac"), {.max_seconds = 123456.0 / 96000}).reason(),
              "audio_too_long");
}

}  // namespace
}  // namespace msst::audio
