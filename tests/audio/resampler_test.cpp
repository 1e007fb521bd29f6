#include "audio/resampler.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "audio/audio_files.h"

namespace msst::audio {
namespace {

using testing::join;
using testing::make_sine;
using testing::max_difference;

Block slice(const Block& block, int64_t begin, int64_t frames) {
    Block part(block.channels, frames);
    for (int c = 0; c < block.channels; ++c)
        std::ranges::copy(block.channel(c).subspan(begin, frames), part.channel(c).begin());
    return part;
}

// Pushes `block` in pieces of `step` frames.
Block resample(const Block& block, int in_rate, int out_rate, int64_t step) {
    Resampler resampler(in_rate, out_rate, block.channels);
    std::vector<Block> out;
    for (int64_t begin = 0; begin < block.frames; begin += step)
        out.push_back(resampler.push(slice(block, begin, std::min(step, block.frames - begin))));
    out.push_back(resampler.finish());
    return join(out);
}

TEST(ResampledFrames, RoundsToNearest) {
    EXPECT_EQ(resampled_frames(48000, 48000, 44100), 44100);
    EXPECT_EQ(resampled_frames(1, 2, 1), 1) << "half goes up";
    EXPECT_EQ(resampled_frames(1, 48000, 44100), 1);
    EXPECT_EQ(resampled_frames(1, 96000, 44100), 0);
    EXPECT_EQ(resampled_frames(0, 96000, 44100), 0);
    EXPECT_EQ(resampled_frames(int64_t{1} << 45, 44100, 44100), int64_t{1} << 45);
}

TEST(Resampler, PassesEqualRatesThrough) {
    const Block block = make_sine(2, 1000, 0.01, 0.5);
    EXPECT_EQ(max_difference(resample(block, 44100, 44100, 300), block), 0);
}

struct Rates {
    int in, out;
};

class ResamplerRates : public ::testing::TestWithParam<Rates> {};

TEST_P(ResamplerRates, GiveExactlyTheRoundedLength) {
    const auto [in, out] = GetParam();
    for (int64_t frames : {1, 2, 7, 997, 44100, 70001})
        EXPECT_EQ(resample(make_sine(2, frames, 0.01, 0.5), in, out, 4096).frames,
                  resampled_frames(frames, in, out))
            << frames << " frames";
}

TEST_P(ResamplerRates, KeepATonesPhaseAndLevel) {
    const auto [in, out] = GetParam();
    const double hertz = 300;
    const Block result = resample(make_sine(1, in, hertz / in, 0.5), in, out, 5000);
    const Block wanted = make_sine(1, out, hertz / out, 0.5);
    ASSERT_EQ(result.frames, wanted.frames);
    // Away from the two ends, where the tone begins and breaks off.
    EXPECT_LT(max_difference(slice(result, out / 3, out / 3), slice(wanted, out / 3, out / 3)), 1e-5);
}

TEST_P(ResamplerRates, DoNotDependOnHowTheSongIsCut) {
    const auto [in, out] = GetParam();
    const Block block = make_sine(2, 20000, 0.013, 0.5);
    EXPECT_LT(max_difference(resample(block, in, out, 20000), resample(block, in, out, 111)), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(EveryRatio, ResamplerRates,
                         ::testing::Values(Rates{48000, 44100}, Rates{44100, 48000}, Rates{8000, 44100},
                                           Rates{96000, 44100}, Rates{192000, 44100}, Rates{1000, 44100},
                                           Rates{768000, 44100}, Rates{44056, 44100}),
                         [](const auto& test) {
                             return std::to_string(test.param.in) + "to" + std::to_string(test.param.out);
                         });

TEST(Resampler, KeepsChannelsApart) {
    Block block = make_sine(2, 10000, 0.01, 0.5);
    std::ranges::fill(block.channel(1), 0.0f);
    const Block result = resample(block, 48000, 44100, 1000);
    for (float sample : result.channel(1)) ASSERT_EQ(sample, 0);
}

TEST(Resampler, EndsEmptyWhereNothingWasPushed) {
    EXPECT_EQ(Resampler(48000, 44100, 2).finish().frames, 0);
}

}  // namespace
}  // namespace msst::audio
