#include "separation/frame_queue.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace msst::separation {
namespace {

// Frames first, first + 1, …; the second channel is the negative of the first.
audio::Block counting(float first, int64_t frames) {
    audio::Block block(2, frames);
    for (int64_t i = 0; i < frames; ++i) {
        block.channel(0)[i] = first + static_cast<float>(i);
        block.channel(1)[i] = -block.channel(0)[i];
    }
    return block;
}

TEST(FrameQueue, GivesFramesInOrderAcrossBlockBorders) {
    FrameQueue queue(2);
    queue.push(counting(0, 3));
    queue.push(counting(3, 1));
    queue.push(counting(4, 6));

    EXPECT_EQ(queue.pop(2).samples, counting(0, 2).samples);
    EXPECT_EQ(queue.pop(5).samples, counting(2, 5).samples);
    EXPECT_EQ(queue.frames(), 3);
    EXPECT_EQ(queue.pop(3).samples, counting(7, 3).samples);
}

TEST(FrameQueue, RefusesToGiveMoreThanItHas) {
    FrameQueue queue(2);
    queue.push(counting(0, 3));
    EXPECT_THROW(queue.pop(4), Error);
}

TEST(FrameQueue, RefusesABlockWithOtherChannels) {
    FrameQueue queue(2);
    EXPECT_THROW(queue.push(audio::Block(1, 4)), Error);
}

}  // namespace
}  // namespace msst::separation
