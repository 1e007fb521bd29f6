#include "separation/song.h"

#include <cmath>
#include <limits>
#include <mutex>
#include <numbers>

#include <gtest/gtest.h>

#include "audio/decoder.h"
#include "audio/resampler.h"
#include "audio/writer.h"
#include "base/error.h"
#include "support/fake_separators.h"
#include "support/temp_folder.h"

namespace msst::separation {
namespace {

using audio::OutputFormat;
using audio::PcmType;

SeparatorInfo stereo_model(std::vector<std::string> instruments) {
    return {.instruments = std::move(instruments), .sample_rate = 44100, .channels = 2};
}

class Song : public ::testing::Test {
protected:
    // A chord, left and right different, as a float WAV.
    std::filesystem::path make_input(int64_t frames, int rate = 44100, int channels = 2) {
        const std::filesystem::path path = folder / "input.wav";
        audio::Writer writer(path,
                             {.pcm_type = PcmType::float_32, .sample_rate = rate, .channels = channels});
        audio::Block block(channels, frames);
        for (int c = 0; c < channels; ++c)
            for (int64_t i = 0; i < frames; ++i)
                block.channel(c)[i] =
                    0.5f * std::sin(2 * std::numbers::pi_v<float> * (220.0f + 110.0f * c) * i / rate);
        writer.write(block);
        writer.finish();
        return path;
    }

    SongRequest request(std::vector<std::string> instruments) {
        return {.input = folder / "input.wav",
                .instruments = std::move(instruments),
                .pcm_type = PcmType::float_32,
                .output_path = [this](const std::string& stem) { return folder / (stem + ".wav"); }};
    }

    audio::Block read(const std::string& name) const {
        audio::Decoder decoder(folder / name);
        FrameQueue all(decoder.channels());
        audio::Block block;
        while (decoder.read(block)) all.push(block);
        return all.pop(all.frames());
    }

    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
            names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }

    testing::TempFolder folder;
};

TEST_F(Song, GivesStemsAtTheModelsRateAndOfExactlyTheInputsDuration) {
    make_input(100'001, /*rate=*/48000);
    const testing::GainSeparator separator(stereo_model({"vocals", "other"}), {0.25f, 0.75f}, /*delay=*/4096);

    const SongResult result = separate_song(separator, request({"vocals", "other"}), {});

    ASSERT_EQ(result.stems.size(), 2u);
    const int64_t frames = audio::resampled_frames(100'001, 48000, 44100);
    for (const WrittenStem& stem : result.stems) {
        EXPECT_EQ(stem.frames, frames);
        EXPECT_EQ(stem.sample_rate, 44100);
        EXPECT_EQ(read(stem.name + ".wav").frames, frames);
    }
    EXPECT_NEAR(result.input_seconds, 100'001 / 48000.0, 1e-9);
}

TEST_F(Song, AModelThatWantsTheSongNormalisedGetsItSo) {
    make_input(44100);  // sines at half of full scale
    double sum = 0;
    double sum_of_squares = 0;
    double largest = 0;
    SeparatorInfo info = stereo_model({"vocals"});
    info.is_normalized = true;
    const testing::WholeSongSeparator separator(info, [&](const audio::Block& song) {
        for (int64_t i = 0; i < song.frames; ++i) {
            const double frame = (song.channel(0)[i] + song.channel(1)[i]) / 2.0;
            sum += frame / song.frames;
            sum_of_squares += frame * frame / song.frames;
        }
        for (const float sample : song.samples) largest = std::max<double>(largest, std::abs(sample));
        return StemBlocks{song};
    });

    separate_song(separator, request({"vocals"}), {});

    EXPECT_NEAR(sum, 0, 1e-6);
    EXPECT_NEAR(sum_of_squares, 1, 1e-5);
    EXPECT_GT(largest, 1);
    // The stem has the level of the song again.
    const audio::Block stem = read("vocals.wav");
    const audio::Block input = read("input.wav");
    ASSERT_EQ(stem.samples.size(), input.samples.size());
    for (size_t i = 0; i < stem.samples.size(); ++i) ASSERT_NEAR(stem.samples[i], input.samples[i], 1e-6);
}

TEST_F(Song, WritesOnlyTheWantedStems) {
    make_input(5000);
    const testing::GainSeparator separator(stereo_model({"vocals", "drums", "other"}), {0.5f, 0.25f, 0.25f});

    separate_song(separator, request({"drums"}), {});

    EXPECT_EQ(files(), (std::vector<std::string>{"drums.wav", "input.wav"}));
}

TEST_F(Song, GivesTheMixtureWithoutTheVocalsAsInstrumental) {
    make_input(20'000);
    const testing::GainSeparator separator(stereo_model({"drums", "vocals"}), {0.75f, 0.25f}, /*delay=*/777);
    SongRequest wanted = request({"drums"});
    wanted.extract_instrumental = true;

    const SongResult result = separate_song(separator, wanted, {});

    ASSERT_EQ(result.stems.size(), 2u);
    EXPECT_EQ(result.stems[1].name, "instrumental");
    const audio::Block mixture = read("input.wav"), instrumental = read("instrumental.wav");
    ASSERT_EQ(instrumental.frames, mixture.frames);
    for (size_t i = 0; i < mixture.samples.size(); ++i)
        ASSERT_NEAR(instrumental.samples[i], 0.75f * mixture.samples[i], 1e-6) << "sample " << i;
}

TEST_F(Song, TakesTheFirstStemForVocalsWhereThereAreNone) {
    make_input(1000);
    const testing::GainSeparator separator(stereo_model({"drums", "bass"}), {0.9f, 0.1f});
    SongRequest wanted = request({"bass"});
    wanted.extract_instrumental = true;

    separate_song(separator, wanted, {});

    EXPECT_NEAR(read("instrumental.wav").samples[500], 0.1f * read("input.wav").samples[500], 1e-6);
}

TEST_F(Song, GivesAStereoModelTheOneChannelOfAMonoSongTwice) {
    make_input(3000, 44100, /*channels=*/1);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {1.0f});

    const SongResult result = separate_song(separator, request({"vocals"}), {});

    EXPECT_EQ(result.stems[0].channels, 2);
    const audio::Block mixture = read("input.wav"), vocals = read("vocals.wav");
    EXPECT_FLOAT_EQ(vocals.channel(0)[1000], mixture.channel(0)[1000]);
    EXPECT_FLOAT_EQ(vocals.channel(1)[1000], mixture.channel(0)[1000]);
}

TEST_F(Song, WithTtaIsTheSameForASeparatorThatTreatsAllPassesAlike) {
    make_input(10'000);
    const testing::GainSeparator separator(stereo_model({"vocals", "other"}), {0.25f, 0.75f}, /*delay=*/100);
    SongRequest wanted = request({"vocals"});
    wanted.use_tta = true;

    separate_song(separator, wanted, {});

    EXPECT_NEAR(read("vocals.wav").samples[7000], 0.25f * read("input.wav").samples[7000], 1e-6);
}

TEST_F(Song, WithBigshiftsIsTheSameForASeparatorThatTreatsAllPlacesAlike) {
    const int64_t frames = 20'011;  // no shift divides it
    make_input(frames);
    const testing::GainSeparator separator(stereo_model({"vocals", "other"}), {0.25f, 0.75f}, /*delay=*/999);
    SongRequest wanted = request({"other"});
    wanted.bigshifts = 5;
    wanted.use_tta = true;
    wanted.extract_instrumental = true;

    separate_song(separator, wanted, {});

    const audio::Block mixture = read("input.wav"), other = read("other.wav"),
                       rest = read("instrumental.wav");
    ASSERT_EQ(other.frames, frames);
    ASSERT_EQ(rest.frames, frames);
    for (size_t i = 0; i < mixture.samples.size(); ++i) {
        ASSERT_NEAR(other.samples[i], 0.75f * mixture.samples[i], 1e-6) << "sample " << i;
        ASSERT_NEAR(rest.samples[i], 0.75f * mixture.samples[i], 1e-6) << "sample " << i;
    }
    EXPECT_EQ(files(), (std::vector<std::string>{"input.wav", "instrumental.wav", "other.wav"}));
}

TEST_F(Song, WithBigshiftsIsTheMeanOfTheSongBegunAtEveryShift) {
    make_input(1000);
    // What comes out tells where in the pass a frame was.
    const testing::WholeSongSeparator separator(stereo_model({"vocals"}), [](const audio::Block& song) {
        StemBlocks stems = {audio::Block(song.channels, song.frames)};
        for (int c = 0; c < song.channels; ++c)
            for (int64_t i = 0; i < song.frames; ++i)
                stems[0].channel(c)[i] = song.channel(c)[i] + static_cast<float>(i) / 1000;
        return stems;
    });
    SongRequest wanted = request({"vocals"});
    wanted.bigshifts = 3;  // of 333 frames

    separate_song(separator, wanted, {});

    const audio::Block mixture = read("input.wav"), vocals = read("vocals.wav");
    for (int64_t i = 0; i < 1000; ++i) {
        const float place = static_cast<float>(i + (i + 333) % 1000 + (i + 666) % 1000) / 3000;
        ASSERT_NEAR(vocals.channel(0)[i], mixture.channel(0)[i] + place, 1e-6) << "frame " << i;
    }
}

TEST_F(Song, WithFewerThanOneBigshiftIsOnePass) {
    make_input(1000);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {0.5f});
    SongRequest wanted = request({"vocals"});
    wanted.bigshifts = -2;

    separate_song(separator, wanted, {});

    EXPECT_FLOAT_EQ(read("vocals.wav").samples[500], 0.5f * read("input.wav").samples[500]);
}

// Remembers what it was asked to compute.
class AskedSeparator final : public Separator {
public:
    const SeparatorInfo& info() const override { return info_; }
    std::unique_ptr<SeparationStream> open(std::stop_token) const override {
        return std::make_unique<Stream>(*this);
    }
    mutable std::vector<std::vector<bool>> asked;  // by stream

private:
    struct Stream final : SeparationStream {
        explicit Stream(const AskedSeparator& asked_of) : owner(asked_of) {}
        void want_only(const std::vector<bool>& wanted) override { owner.asked.push_back(wanted); }
        void push(const audio::Block& block, const StemSink& sink) override { sink({block, block, block}); }
        void finish(const StemSink&) override {}
        double frames_done() const override { return 0; }
        const AskedSeparator& owner;
    };
    SeparatorInfo info_ = stereo_model({"drums", "vocals", "other"});
};

TEST_F(Song, AsksOnlyForTheStemsThatItsFilesNeed) {
    make_input(1000);
    const AskedSeparator separator;
    SongRequest wanted = request({"other"});

    separate_song(separator, wanted, {});
    wanted.extract_instrumental = true;  // needs the vocals
    wanted.bigshifts = 2;
    separate_song(separator, wanted, {});

    using Wanted = std::vector<bool>;
    EXPECT_EQ(separator.asked, (std::vector<Wanted>{Wanted{false, false, true}, Wanted{false, true, true},
                                                    Wanted{false, true, true}}));
}

TEST_F(Song, NamesAnInstrumentTheModelDoesNotHave) {
    make_input(1000);
    const testing::GainSeparator separator(stereo_model({"vocals", "other"}), {1.0f, 0.0f});
    try {
        separate_song(separator, request({"vocals", "kazoo"}), {});
        FAIL() << "it was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.reason(), "invalid_instruments");
        EXPECT_EQ(std::string(error.what()), "the model has no instrument \"kazoo\"; it has vocals, other");
    }
    EXPECT_EQ(files(), std::vector<std::string>{"input.wav"});
}

TEST_F(Song, LeavesNoFileWhenTheSeparatorFails) {
    make_input(50'000);
    const testing::WholeSongSeparator separator(
        stereo_model({"vocals"}),
        [](const audio::Block&) -> StemBlocks { throw Error(ErrorCode::internal, "out of cleverness"); });

    EXPECT_THROW(separate_song(separator, request({"vocals"}), {}), Error);
    EXPECT_EQ(files(), std::vector<std::string>{"input.wav"});
}

TEST_F(Song, LeavesNoStemWhenOneCannotBeGivenItsName) {
    make_input(4410);
    std::filesystem::create_directories(folder / "other.wav" / "in the way");
    const testing::GainSeparator separator(stereo_model({"vocals", "other", "drums"}), {0.25f, 0.5f, 0.25f});

    EXPECT_THROW(separate_song(separator, request({"vocals", "other", "drums"}), {}), Error);

    EXPECT_EQ(files(), (std::vector<std::string>{"input.wav", "other.wav"}));
}

TEST_F(Song, LeavesNoFileWhenItIsCancelled) {
    make_input(50'000);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {1.0f});
    std::stop_source stop;
    stop.request_stop();
    try {
        separate_song(separator, request({"vocals"}), stop.get_token());
        FAIL() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    EXPECT_EQ(files(), std::vector<std::string>{"input.wav"});
}

TEST_F(Song, RefusesASongLongerThanTheLimit) {
    make_input(88'200);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {1.0f});
    SongRequest wanted = request({"vocals"});
    wanted.max_seconds = 1.5;
    try {
        separate_song(separator, wanted, {});
        FAIL() << "it was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.reason(), "audio_too_long");
    }
}

TEST_F(Song, ReportsProgressThatNeverGoesBackAndEndsAtOne) {
    make_input(200'000);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {1.0f});
    std::mutex mutex;
    std::vector<double> fractions;
    SongRequest wanted = request({"vocals"});
    wanted.on_progress = [&](SongStage, double fraction) {
        const std::lock_guard lock(mutex);
        fractions.push_back(fraction);
    };

    separate_song(separator, wanted, {});

    EXPECT_EQ(fractions.front(), 0);
    EXPECT_EQ(fractions.back(), 1);
    EXPECT_TRUE(std::ranges::is_sorted(fractions));
}

TEST_F(Song, ReportsProgressOverAllPasses) {
    make_input(200'000);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {1.0f});
    std::mutex mutex;
    std::vector<double> fractions;
    SongRequest wanted = request({"vocals"});
    wanted.bigshifts = 3;
    wanted.on_progress = [&](SongStage, double fraction) {
        const std::lock_guard lock(mutex);
        fractions.push_back(fraction);
    };

    separate_song(separator, wanted, {});

    EXPECT_EQ(fractions.back(), 1);
    EXPECT_TRUE(std::ranges::is_sorted(fractions));
}

TEST_F(Song, TellsOfClippedSamplesAndKeepsThemInFloat) {
    make_input(10'000);
    const testing::GainSeparator separator(stereo_model({"vocals"}), {4.0f});
    SongRequest wanted = request({"vocals"});

    EXPECT_TRUE(separate_song(separator, wanted, {}).warnings.empty());

    wanted.pcm_type = PcmType::pcm_16;
    const SongResult clipped = separate_song(separator, wanted, {});
    EXPECT_GT(clipped.stems[0].clipped_samples, 1000);
    EXPECT_NEAR(clipped.stems[0].peak, 2.0, 0.01);
    ASSERT_EQ(clipped.warnings.size(), 1u);
    EXPECT_NE(clipped.warnings[0].find("vocals"), std::string::npos);
}

TEST_F(Song, TurnsNanOfAModelIntoSilenceAndTells) {
    make_input(1000);
    const testing::GainSeparator separator(stereo_model({"vocals"}),
                                           {std::numeric_limits<float>::quiet_NaN()});

    const SongResult result = separate_song(separator, request({"vocals"}), {});

    EXPECT_EQ(result.warnings.size(), 1u);
    for (const float sample : read("vocals.wav").samples) ASSERT_EQ(sample, 0.0f);
}

}  // namespace
}  // namespace msst::separation
