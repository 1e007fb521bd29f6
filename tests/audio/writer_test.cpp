#include "audio/writer.h"

#include <cmath>
#include <limits>
#include <tuple>

#include <gtest/gtest.h>

#include "audio/audio_files.h"
#include "base/error.h"
#include "base/sha256.h"
#include "support/temp_folder.h"

namespace msst::audio {
namespace {

using msst::testing::TempFolder;
using namespace testing;  // NOLINT: the helpers of audio_files.h

Block mono_block(const std::vector<float>& samples) {
    Block block(1, std::ssize(samples));
    block.samples = samples;
    return block;
}

WrittenFile write_file(const std::filesystem::path& file, const WriterOptions& options, const Block& block) {
    Writer writer(file, options);
    writer.write(block);
    return writer.finish();
}

using Kind = std::tuple<OutputFormat, PcmType>;

class WriterKind : public ::testing::TestWithParam<Kind> {
protected:
    WriterOptions options(int channels) const {
        return {.format = std::get<0>(GetParam()), .pcm_type = std::get<1>(GetParam()), .channels = channels};
    }
    double step() const {
        switch (std::get<1>(GetParam())) {
            case PcmType::pcm_16:
                return 1.0 / 32768;
            case PcmType::pcm_24:
                return 1.0 / 8388608;
            case PcmType::float_32:
                return 0;
        }
        return 0;
    }
    TempFolder folder_;
    std::filesystem::path file_ = folder_ / "stem";
};

TEST_P(WriterKind, WritesWhatTheDecoderReadsBack) {
    const Block source = make_sine(2, 100001, 0.0123, 0.9);
    const WrittenFile written = write_file(file_, options(2), source);
    const Decoded back = decode(file_);

    EXPECT_LE(max_difference(back.audio, source), step() * 0.5001);
    EXPECT_EQ(back.info.sample_rate, 44100);
    EXPECT_EQ(written.frames, 100001);
    EXPECT_EQ(written.clipped_samples, 0);
}

TEST_P(WriterKind, ReportsSizeAndHashOfTheFileOnDisk) {
    const WrittenFile written = write_file(file_, options(2), make_sine(2, 5000, 0.01, 0.5));
    const std::string bytes = read_bytes(file_);

    EXPECT_EQ(written.size_bytes, std::ssize(bytes));
    EXPECT_EQ(written.sha256, sha256_hex(bytes));
}

TEST_P(WriterKind, WritesEqualBytesForEqualAudio) {
    const Block source = make_sine(2, 5000, 0.01, 0.5);
    const WrittenFile first = write_file(folder_ / "first", options(2), source);
    EXPECT_EQ(first.sha256, write_file(folder_ / "second", options(2), source).sha256);
}

TEST_P(WriterKind, MeasuresPeakAndRms) {
    const WrittenFile written = write_file(file_, options(2), make_sine(2, 44100, 0.01, 0.5));

    EXPECT_NEAR(written.peak, 0.5, 1e-3);
    EXPECT_NEAR(written.rms, 0.5 / std::sqrt(2.0), 1e-4);
}

TEST_P(WriterKind, WritesZeroForWhatIsNoNumber) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const WrittenFile written =
        write_file(file_, options(1), mono_block({0.5f, nan, infinity, -infinity, 0.25f}));

    EXPECT_EQ(written.nonfinite_samples, 3);
    EXPECT_EQ(written.peak, 0.5);
    EXPECT_EQ(decode(file_).audio.samples, (std::vector<float>{0.5f, 0, 0, 0, 0.25f}));
}

TEST_P(WriterKind, LeavesNothingWhenItIsAbandoned) {
    {
        Writer writer(file_, options(2));
        writer.write(make_sine(2, 5000, 0.01, 0.5));
        EXPECT_TRUE(std::filesystem::exists(folder_ / "stem.part"));
        EXPECT_FALSE(std::filesystem::exists(file_));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_P(WriterKind, LeavesOnlyTheFinishedFile) {
    write_file(file_, options(2), make_sine(2, 5000, 0.01, 0.5));
    EXPECT_TRUE(std::filesystem::exists(file_));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "stem.part"));
}

INSTANTIATE_TEST_SUITE_P(EveryOutput, WriterKind,
                         ::testing::Values(Kind{OutputFormat::wav, PcmType::pcm_16},
                                           Kind{OutputFormat::wav, PcmType::pcm_24},
                                           Kind{OutputFormat::wav, PcmType::float_32},
                                           Kind{OutputFormat::flac, PcmType::pcm_16},
                                           Kind{OutputFormat::flac, PcmType::pcm_24}),
                         [](const auto& test) {
                             return std::string(to_string(std::get<0>(test.param))) + "_" +
                                    std::string(to_string(std::get<1>(test.param)));
                         });

TEST(Writer, RoundsToTheNearestStepOnBothSides) {
    const TempFolder folder;
    constexpr float kStep = 1.0f / 32768;
    write_file(folder / "a.wav", {.pcm_type = PcmType::pcm_16, .channels = 1},
               mono_block({0.4f * kStep, 0.6f * kStep, -0.4f * kStep, -0.6f * kStep, 1.5001f * kStep,
                           -1.5001f * kStep}));

    EXPECT_EQ(decode(folder / "a.wav").audio.samples,
              (std::vector<float>{0, kStep, 0, -kStep, 2 * kStep, -2 * kStep}));
}

TEST(Writer, SaturatesAndCountsWhatIsTooLoudForIntegers) {
    const TempFolder folder;
    const Block block = mono_block({1.0f, -1.0f, 1.5f, -2.0f, 3e38f});
    const WrittenFile written =
        write_file(folder / "a.wav", {.pcm_type = PcmType::pcm_16, .channels = 1}, block);

    EXPECT_EQ(written.clipped_samples, 3);
    EXPECT_FLOAT_EQ(static_cast<float>(written.peak), 3e38f);
    constexpr float kMost = 32767.0f / 32768;
    EXPECT_EQ(decode(folder / "a.wav").audio.samples, (std::vector<float>{kMost, -1, kMost, -1, kMost}));
}

TEST(Writer, KeepsLoudSamplesInFloatFiles) {
    const TempFolder folder;
    const Block block = mono_block({1.5f, -2.0f});
    const WrittenFile written =
        write_file(folder / "a.wav", {.pcm_type = PcmType::float_32, .channels = 1}, block);

    EXPECT_EQ(written.clipped_samples, 0);
    EXPECT_EQ(decode(folder / "a.wav").audio.samples, block.samples);
}

TEST(Writer, RefusesFloatInFlac) {
    const TempFolder folder;
    try {
        Writer writer(folder / "a.flac", {.format = OutputFormat::flac, .pcm_type = PcmType::float_32});
        FAIL() << "FLAC cannot hold floats";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        EXPECT_EQ(error.reason(), "unsupported_output");
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(WavKind, FollowsTheExpectedSize) {
    const auto kind = [](int64_t frames) { return choose_wav_kind({.expected_frames = frames}); };
    EXPECT_EQ(kind(0), WavKind::decide);
    EXPECT_EQ(kind(100), WavKind::riff);
    EXPECT_EQ(kind((int64_t{1} << 31) / 6), WavKind::riff);
    EXPECT_EQ(kind((int64_t{1} << 31) / 6 + 1), WavKind::decide);
    EXPECT_EQ(kind((int64_t{1} << 32) / 6), WavKind::rf64);
    EXPECT_EQ(kind(int64_t{1} << 60), WavKind::rf64);
}

struct Header {
    int64_t expected_frames;
    const char* tag;
};

class WriterHeader : public ::testing::TestWithParam<Header> {};

TEST_P(WriterHeader, IsAsWideAsTheFileNeeds) {
    const TempFolder folder;
    const Block source = make_sine(2, 1000, 0.01, 0.5);
    write_file(folder / "a.wav", {.expected_frames = GetParam().expected_frames}, source);

    EXPECT_EQ(read_bytes(folder / "a.wav").substr(0, 4), GetParam().tag);
    EXPECT_EQ(decode(folder / "a.wav").audio.frames, 1000);
}

INSTANTIATE_TEST_SUITE_P(ByExpectation, WriterHeader,
                         ::testing::Values(Header{1000, "RIFF"}, Header{0, "RIFF"},
                                           Header{int64_t{1} << 33, "RF64"}),
                         [](const auto& test) {
                             return std::to_string(test.param.expected_frames) + "Frames";
                         });

TEST(Writer, WritesAnEmptyFileThatIsWhole) {
    const TempFolder folder;
    const WrittenFile written = Writer(folder / "a.wav", {.expected_frames = 1}).finish();
    EXPECT_EQ(written.frames, 0);
    EXPECT_EQ(written.rms, 0);
    EXPECT_EQ(written.size_bytes, 44);
}

TEST(Writer, SaysWhyTheDiskRefused) {
    // /dev/full answers every write as a full disk does; the writer's ".part" is a link to it.
    const TempFolder folder;
    std::filesystem::create_symlink("/dev/full", folder / "a.wav.part");
    try {
        Writer writer(folder / "a.wav", {});
        writer.write(make_sine(2, 100000, 0.01, 0.5));
        writer.finish();
        FAIL() << "the disk is full";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_EQ(error.reason(), "storage_full");
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Writer, NamesAFolderThatIsNotThere) {
    const TempFolder folder;
    EXPECT_THROW(Writer(folder / "none" / "a.wav", {}), Error);
}

}  // namespace
}  // namespace msst::audio
