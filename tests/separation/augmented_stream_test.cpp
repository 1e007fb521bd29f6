#include "separation/augmented_stream.h"

#include <gtest/gtest.h>

#include "support/fake_separators.h"

namespace msst::separation {
namespace {

const SeparatorInfo kTwoStems{.instruments = {"vocals", "other"}, .sample_rate = 44100, .channels = 2};

audio::Block ramp(int64_t frames) {
    audio::Block block(2, frames);
    for (int64_t i = 0; i < frames; ++i) {
        block.channel(0)[i] = static_cast<float>(i + 1);
        block.channel(1)[i] = static_cast<float>(-10 * (i + 1));
    }
    return block;
}

std::vector<FrameQueue> run(SeparationStream& stream, const std::vector<audio::Block>& blocks) {
    std::vector<FrameQueue> stems(2, FrameQueue(2));
    const StemSink sink = [&](StemBlocks out) {
        for (size_t s = 0; s < out.size(); ++s) stems[s].push(std::move(out[s]));
    };
    for (const audio::Block& block : blocks) stream.push(block, sink);
    stream.finish(sink);
    return stems;
}

TEST(AugmentedStream, ChangesNothingForASeparatorThatTreatsChannelsAndPolarityAlike) {
    const testing::GainSeparator separator(kTwoStems, {0.25f, 0.75f}, /*delay=*/5);
    AugmentedStream stream(separator, {});
    auto stems = run(stream, {ramp(3), ramp(7), ramp(1)});

    ASSERT_EQ(stems[0].frames(), 11);
    const audio::Block vocals = stems[0].pop(3);
    for (int64_t i = 0; i < 3; ++i) EXPECT_FLOAT_EQ(vocals.channel(1)[i], 0.25f * -10.0f * (i + 1));
    EXPECT_DOUBLE_EQ(stream.frames_done(), 11.0);
}

// MSST: (f(x) + swap(f(swap(x))) - f(-x)) / 3. With f(L, R) = (max(L, 0), 0) each term is known.
TEST(AugmentedStream, IsTheMeanOfThePlainTheSwappedAndTheInvertedPass) {
    const testing::WholeSongSeparator separator(kTwoStems, [](const audio::Block& mixture) {
        audio::Block left_positive(2, mixture.frames);
        for (int64_t i = 0; i < mixture.frames; ++i)
            left_positive.channel(0)[i] = std::max(mixture.channel(0)[i], 0.0f);
        return StemBlocks{left_positive, left_positive};
    });
    audio::Block mixture(2, 1);
    mixture.channel(0)[0] = 6;  // plain: (6, 0); inverted: (0, 0)
    mixture.channel(1)[0] = 9;  // swapped: (9, 0), swapped back (0, 9)
    AugmentedStream stream(separator, {});
    auto stems = run(stream, {mixture});

    const audio::Block stem = stems[0].pop(1);
    EXPECT_FLOAT_EQ(stem.channel(0)[0], 2);
    EXPECT_FLOAT_EQ(stem.channel(1)[0], 3);
}

}  // namespace
}  // namespace msst::separation
