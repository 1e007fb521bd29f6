#include "separation/normalization.h"

#include <cmath>

#include <gtest/gtest.h>

namespace msst::separation {
namespace {

audio::Block make_block(const std::vector<float>& left, const std::vector<float>& right) {
    audio::Block block(2, std::ssize(left));
    std::ranges::copy(left, block.channel(0).begin());
    std::ranges::copy(right, block.channel(1).begin());
    return block;
}

TEST(Normalization, MeasuresTheMeanOfTheChannelsOverAllBlocks) {
    NormalizationMeter meter;
    meter.add(make_block({1, 2}, {3, 2}));  // mono: 2, 2
    meter.add(make_block({4}, {8}));        // mono: 6

    const Normalization result = meter.result();

    EXPECT_NEAR(result.mean, 10.0 / 3, 1e-12);
    EXPECT_NEAR(result.deviation, std::sqrt(44.0 / 3 - 100.0 / 9), 1e-12);  // of the population
}

TEST(Normalization, UndoingGivesTheSamplesBack) {
    const Normalization level{.mean = 0.25, .deviation = 0.5};
    audio::Block block = make_block({1, -1}, {0.25f, 0});

    level.apply(block);
    EXPECT_FLOAT_EQ(block.channel(0)[0], 1.5f);
    EXPECT_FLOAT_EQ(block.channel(1)[0], 0.0f);
    level.undo(block);

    EXPECT_EQ(block.samples, make_block({1, -1}, {0.25f, 0}).samples);
}

TEST(Normalization, SilenceStaysWhatItIs) {
    NormalizationMeter meter;
    meter.add(make_block({0, 0}, {0, 0}));

    EXPECT_EQ(meter.result().deviation, 1);
    EXPECT_EQ(NormalizationMeter().result().deviation, 1);
}

}  // namespace
}  // namespace msst::separation
