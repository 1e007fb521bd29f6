#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audio/audio_files.h"
#include "audio/decoder.h"

// Every format that is promised: as many frames out as went into the encoder, and the same audio at the same
// place.

namespace msst::audio {
namespace {

using namespace testing;  // NOLINT: the helpers of audio_files.h
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct FormatCase {
    const char* file;
    const char* format;
    const char* codec;
    const char* source;
    int rate;
    int channels;
};

std::string test_name(const ::testing::TestParamInfo<FormatCase>& test) {
    std::string name = test.param.file;
    for (char& letter : name)
        if (letter == '.') letter = '_';
    return name;
}

void expect_facts(const Decoded& decoded, const FormatCase& wanted) {
    EXPECT_EQ(decoded.info.format, wanted.format);
    EXPECT_EQ(decoded.info.codec, wanted.codec);
    EXPECT_EQ(decoded.info.sample_rate, wanted.rate);
    EXPECT_EQ(decoded.info.channels, wanted.channels);
    EXPECT_NEAR(decoded.info.duration_seconds, static_cast<double>(decoded.audio.frames) / wanted.rate, 0.25);
    if (decoded.info.frames) {
        EXPECT_EQ(*decoded.info.frames, decoded.audio.frames);
    }
    EXPECT_THAT(decoded.warnings, IsEmpty());
}

class LosslessFormat : public ::testing::TestWithParam<FormatCase> {};

TEST_P(LosslessFormat, DecodesToWhatWentIn) {
    const FormatCase& wanted = GetParam();
    const Decoded decoded = decode(test_audio(wanted.file));
    const Block source = read_source(wanted.source, wanted.channels);

    EXPECT_EQ(decoded.audio.frames, source.frames);
    EXPECT_EQ(max_difference(decoded.audio, source), 0);
    expect_facts(decoded, wanted);
}

INSTANTIATE_TEST_SUITE_P(In24Bits, LosslessFormat,
                         ::testing::Values(FormatCase{"s24.wav", "wav", "pcm_s24le", "stereo44", 44100, 2},
                                           FormatCase{"s32.wav", "wav", "pcm_s32le", "stereo44", 44100, 2},
                                           FormatCase{"f32.wav", "wav", "pcm_f32le", "stereo44", 44100, 2},
                                           FormatCase{"rf64.wav", "wav", "pcm_s24le", "stereo44", 44100, 2},
                                           FormatCase{"mono.wav", "wav", "pcm_s24le", "mono48", 48000, 1},
                                           FormatCase{"s24.flac", "flac", "flac", "stereo44", 44100, 2},
                                           FormatCase{"stereo96.flac", "flac", "flac", "stereo96", 96000, 2},
                                           FormatCase{"stereo192.flac", "flac", "flac", "stereo192", 192000,
                                                      2},
                                           FormatCase{"flac.ogg", "ogg", "flac", "stereo44", 44100, 2},
                                           FormatCase{"alac24.m4a", "m4a", "alac", "stereo44", 44100, 2}),
                         test_name);

class CoarseFormat : public ::testing::TestWithParam<FormatCase> {};

TEST_P(CoarseFormat, DecodesToTheNearestStep) {
    const FormatCase& wanted = GetParam();
    const Decoded decoded = decode(test_audio(wanted.file));
    const double step = wanted.codec == std::string("pcm_u8") ? 1.0 / 128 : 1.0 / 32768;

    EXPECT_LE(max_difference(decoded.audio, read_source(wanted.source, wanted.channels)), step * 0.5001);
    expect_facts(decoded, wanted);
}

INSTANTIATE_TEST_SUITE_P(UpTo16Bits, CoarseFormat,
                         ::testing::Values(FormatCase{"u8.wav", "wav", "pcm_u8", "stereo44", 44100, 2},
                                           FormatCase{"s16.wav", "wav", "pcm_s16le", "stereo44", 44100, 2},
                                           FormatCase{"s16.flac", "flac", "flac", "stereo44", 44100, 2},
                                           FormatCase{"alac16.m4a", "m4a", "alac", "stereo44", 44100, 2}),
                         test_name);

class LossyFormat : public ::testing::TestWithParam<FormatCase> {};

TEST_P(LossyFormat, DecodesToTheSameLengthWithoutDelay) {
    const FormatCase& wanted = GetParam();
    const Decoded decoded = decode(test_audio(wanted.file));
    const Block source = read_source(wanted.source, wanted.channels);

    EXPECT_EQ(decoded.audio.frames, source.frames);
    EXPECT_GT(snr_db(source, decoded.audio), 20);
    expect_facts(decoded, wanted);
}

INSTANTIATE_TEST_SUITE_P(ByDefault, LossyFormat,
                         ::testing::Values(FormatCase{"cbr.mp3", "mp3", "mp3", "stereo44", 44100, 2},
                                           FormatCase{"vbr.mp3", "mp3", "mp3", "stereo44", 44100, 2},
                                           FormatCase{"mono8.mp3", "mp3", "mp3", "mono8", 8000, 1},
                                           FormatCase{"vorbis.ogg", "ogg", "vorbis", "stereo44", 44100, 2},
                                           FormatCase{"opus.ogg", "ogg", "opus", "stereo48", 48000, 2},
                                           FormatCase{"aac.m4a", "m4a", "aac", "stereo44", 44100, 2},
                                           FormatCase{"aac_front.m4a", "m4a", "aac", "stereo44", 44100, 2},
                                           FormatCase{"aac_itunes.m4a", "m4a", "aac", "stereo44", 44100, 2},
                                           FormatCase{"aac_mono48.m4a", "m4a", "aac", "mono48", 48000, 1},
                                           FormatCase{"aac96.m4a", "m4a", "aac", "stereo96", 96000, 2},
                                           FormatCase{"cover.mp3", "mp3", "mp3", "stereo44", 44100, 2},
                                           FormatCase{"cover.m4a", "m4a", "aac", "stereo44", 44100, 2}),
                         test_name);

TEST(Decoder, LosesNothingOfAFragmentedMp4) {
    const Decoded decoded = decode(test_audio("aac_fragmented.m4a"));

    EXPECT_GE(decoded.audio.frames, 100000) << "without an edit list the 1024 frames of priming stay";
    EXPECT_LE(decoded.audio.frames, 100000 + 2 * 1024);
}

// ITU-R BS.775: L + 0.7071 C + 0.7071 Ls, over the sum of the weights; no LFE.
Block mixed_down(const Block& surround) {
    constexpr double kWeight = 0.70710678118654752;
    const double gain = 1 / (1 + 2 * kWeight);
    Block stereo(2, surround.frames);
    for (int side = 0; side < 2; ++side)
        for (int64_t i = 0; i < surround.frames; ++i)
            stereo.channel(side)[i] = static_cast<float>(
                gain * (surround.channel(side)[i] +
                        kWeight * (surround.channel(2)[i] + surround.channel(4 + side)[i])));
    return stereo;
}

TEST(Decoder, MixesSurroundDownToStereoAndSaysSo) {
    for (const char* file : {"surround.wav", "surround.flac"}) {
        const Decoded decoded = decode(test_audio(file));

        EXPECT_EQ(decoded.info.channels, 6);
        EXPECT_LT(max_difference(decoded.audio, mixed_down(read_source("surround48", 6))), 1e-6) << file;
        ASSERT_EQ(decoded.warnings.size(), 1u);
        EXPECT_EQ(decoded.warnings[0], "the input has 6 channels (5.1); they were mixed down to stereo");
    }
}

TEST(Decoder, MixesLossySurroundDownAtItsPlace) {
    const Decoded decoded = decode(test_audio("aac_surround.m4a"));

    EXPECT_EQ(decoded.audio.frames, 60007);
    EXPECT_GT(snr_db(mixed_down(read_source("surround48", 6)), decoded.audio), 20);
}

TEST(Decoder, MixesDownToMonoWhereAsked) {
    const Decoded decoded = decode(test_audio("f32.wav"), {.max_channels = 1});
    const Block source = read_source("stereo44", 2);
    Block mono(1, source.frames);
    for (int64_t i = 0; i < source.frames; ++i)
        mono.samples[i] = 0.5f * (source.channel(0)[i] + source.channel(1)[i]);

    EXPECT_LT(max_difference(decoded.audio, mono), 1e-6);
    ASSERT_EQ(decoded.warnings.size(), 1u);
    EXPECT_EQ(decoded.warnings[0], "the input has 2 channels (stereo); they were mixed down to mono");
}

TEST(Decoder, GivesBlocksOfBoundedSize) {
    Decoder decoder(test_audio("stereo192.flac"));
    Block block;
    int64_t frames = 0;
    while (decoder.read(block)) {
        EXPECT_GT(block.frames, 0);
        EXPECT_LE(block.frames, Decoder::kMaxBlockFrames);
        EXPECT_EQ(block.samples.size(), static_cast<size_t>(block.frames * 2));
        frames += block.frames;
    }
    EXPECT_EQ(block.frames, 0);
    EXPECT_EQ(frames, decoder.frames_read());
    EXPECT_FALSE(decoder.read(block)) << "the end stays the end";
}

TEST(Decoder, DecodesEveryPartOfAChain) {
    const Decoded decoded = decode(test_audio("chained.ogg"));
    const Block once = read_source("stereo44", 2);

    EXPECT_EQ(decoded.audio.frames, 200000);
    EXPECT_GT(snr_db(join({once, once}), decoded.audio), 20);
    EXPECT_THAT(decoded.warnings, IsEmpty());
}

TEST(Decoder, DecodesEveryPartOfAnOpusChain) {
    const Decoded decoded = decode(test_audio("chained_opus.ogg"));
    const Block once = read_source("stereo48", 2);

    EXPECT_EQ(decoded.audio.frames, 2 * 99999);
    EXPECT_GT(snr_db(join({once, once}), decoded.audio), 20);
}

TEST(Decoder, ConvertsAChainWhoseRateAndChannelsChange) {
    const Decoded decoded = decode(test_audio("chained_change.ogg"));

    EXPECT_NEAR(static_cast<double>(decoded.audio.frames), 100000 + 100001 * 44100.0 / 48000, 2);
    EXPECT_EQ(decoded.audio.channels, 2);
    ASSERT_EQ(decoded.warnings.size(), 1u);
    EXPECT_THAT(decoded.warnings[0], HasSubstr("converted to 44100 Hz, stereo"));
}

}  // namespace
}  // namespace msst::audio
