#include "dsp/dsp_separator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "separation/frame_queue.h"

namespace msst::dsp {
namespace {

using separation::FrameQueue;

using Signal = std::function<float(int channel, int64_t frame)>;

audio::Block make_block(int64_t frames, const Signal& signal) {
    audio::Block block(2, frames);
    for (int c = 0; c < 2; ++c)
        for (int64_t i = 0; i < frames; ++i) block.channel(c)[i] = signal(c, i);
    return block;
}

Signal noise(float level) {
    return [level, random = std::make_shared<std::mt19937>(7)](int, int64_t) {
        return level * (2 * static_cast<float>((*random)()) / 4294967296.0f - 1);
    };
}

std::vector<audio::Block> separate(const audio::Block& song, int64_t block_frames) {
    const auto separator = make_dsp_separator();
    const auto stream = separator->open({});
    std::vector<FrameQueue> stems(4, FrameQueue(2));
    const auto sink = [&](separation::StemBlocks blocks) {
        for (size_t s = 0; s < blocks.size(); ++s) stems[s].push(std::move(blocks[s]));
    };
    FrameQueue waiting(2);
    waiting.push(song);
    while (waiting.frames() > 0) stream->push(waiting.pop(std::min(block_frames, waiting.frames())), sink);
    stream->finish(sink);
    EXPECT_EQ(stream->frames_done(), static_cast<double>(song.frames));
    std::vector<audio::Block> out;
    for (FrameQueue& stem : stems) out.push_back(stem.pop(stem.frames()));
    return out;
}

// Of what the stems' sum misses, against the mixture; -400 for nothing.
double sum_error_db(const audio::Block& song, const std::vector<audio::Block>& stems) {
    double error = 0, power = 0;
    for (size_t i = 0; i < song.samples.size(); ++i) {
        double sum = 0;
        for (const audio::Block& stem : stems) sum += stem.samples[i];
        error += (song.samples[i] - sum) * (song.samples[i] - sum);
        power += song.samples[i] * song.samples[i];
    }
    return error == 0 ? -400 : 10 * std::log10(error / power);
}

TEST(DspSeparator, GivesAsManyFramesAsItGot) {
    for (const int64_t frames : {1, 100, 1023, 1024, 1025, 4095, 4096, 4097, 30'011}) {
        const auto stems = separate(make_block(frames, noise(0.5f)), 997);
        for (const audio::Block& stem : stems) EXPECT_EQ(stem.frames, frames);
    }
}

TEST(DspSeparator, GivesNothingForNothing) {
    const auto stream = make_dsp_separator()->open({});
    stream->finish([](const separation::StemBlocks&) { FAIL() << "it gave frames"; });
}

struct Case {
    const char* name;
    Signal signal;
};

class AnySignal : public ::testing::TestWithParam<Case> {};

TEST_P(AnySignal, IsTheSumOfItsStems) {
    const audio::Block song = make_block(40'000, GetParam().signal);
    const auto stems = separate(song, 8192);
    EXPECT_LT(sum_error_db(song, stems), -90);
    for (const audio::Block& stem : stems)
        for (const float sample : stem.samples) ASSERT_TRUE(std::isfinite(sample));
}

float tone(int64_t frame) {
    return std::sin(0.05f * static_cast<float>(frame));
}

INSTANTIATE_TEST_SUITE_P(
    DspSeparator, AnySignal,
    ::testing::Values(Case{"Noise", noise(0.5f)}, Case{"Mono", [](int, int64_t i) { return 0.5f * tone(i); }},
                      Case{"LeftOnly", [](int c, int64_t i) { return c == 0 ? tone(i) : 0.0f; }},
                      Case{"OppositePolarity", [](int c, int64_t i) { return c == 0 ? tone(i) : -tone(i); }},
                      Case{"FarTooLoud", [](int, int64_t i) { return 1000 * tone(i); }},
                      Case{"AsLoudAsFloatsGet", [](int, int64_t i) { return 1e38f * tone(i); }},
                      Case{"HardlyThere", [](int, int64_t i) { return 1e-20f * tone(i); }},
                      Case{"Clicks", [](int, int64_t i) { return i % 5000 == 0 ? 1.0f : 0.0f; }},
                      Case{"Constant", [](int, int64_t) { return 0.25f; }}),
    [](const auto& test) { return test.param.name; });

TEST(DspSeparator, KeepsSilenceSilent) {
    for (const audio::Block& stem : separate(audio::Block(2, 20'000), 4096))
        EXPECT_TRUE(std::ranges::all_of(stem.samples, [](float x) { return x == 0; }));
}

TEST(DspSeparator, DoesNotDependOnHowTheSongIsCut) {
    const audio::Block song = make_block(30'000, noise(0.3f));
    const auto whole = separate(song, 30'000);
    for (const int64_t block_frames : {311, 1024, 7000}) {
        const auto cut = separate(song, block_frames);
        for (size_t s = 0; s < whole.size(); ++s) EXPECT_EQ(cut[s].samples, whole[s].samples);
    }
}

TEST(DspSeparator, StopsWhenItIsAskedTo) {
    std::stop_source stop;
    const auto separator = make_dsp_separator();
    const auto stream = separator->open(stop.get_token());
    stop.request_stop();
    try {
        stream->push(audio::Block(2, 10'000), [](const separation::StemBlocks&) {});
        FAIL() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

// Each test signal is the plainest one of its kind.
double share_of(const std::vector<audio::Block>& stems, int stem) {
    double power = 0, all = 0;
    for (int s = 0; s < 4; ++s)
        for (const float x : stems[s].samples) {
            all += x * x;
            if (s == stem) power += x * x;
        }
    return power / all;
}

TEST(DspSeparator, TakesClicksForDrums) {
    const auto stems =
        separate(make_block(88'200, [](int, int64_t i) { return i % 11'025 == 50 ? 1.0f : 0.0f; }), 4096);
    EXPECT_GT(share_of(stems, 1), 0.8);
}

TEST(DspSeparator, TakesALongLowToneForBass) {
    const auto stems = separate(
        make_block(88'200, [](int, int64_t i) { return 0.5f * std::sin(2 * 3.14159265f * 80 * i / 44100); }),
        4096);
    EXPECT_GT(share_of(stems, 2), 0.8);
}

TEST(DspSeparator, TakesASustainedMiddleToneForVocalsAndAWideOneForOther) {
    const auto a = [](int64_t i) { return 0.3f * std::sin(2 * 3.14159265f * 1000 * i / 44100); };
    EXPECT_GT(share_of(separate(make_block(88'200, [&](int, int64_t i) { return a(i); }), 4096), 0), 0.8);
    EXPECT_GT(
        share_of(separate(make_block(88'200, [&](int c, int64_t i) { return c == 0 ? a(i) : 0.0f; }), 4096),
                 3),
        0.8);
}

}  // namespace
}  // namespace msst::dsp
