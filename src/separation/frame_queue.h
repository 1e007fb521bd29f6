#pragma once

#include <cstdint>
#include <deque>

#include "audio/block.h"

namespace msst::separation {

// Audio waiting for its turn: blocks go in at one end in any size and come out
// at the other in any size, in order. Holds references to nothing.
class FrameQueue {
public:
    explicit FrameQueue(int channels) : channels_(channels) {}

    int channels() const { return channels_; }
    int64_t frames() const { return frames_; }

    void push(audio::Block block);

    // The oldest `count` frames; demands count <= frames().
    audio::Block pop(int64_t count);

private:
    int channels_;
    int64_t frames_ = 0;
    int64_t front_offset_ = 0;  // frames of the first block that are gone already
    std::deque<audio::Block> blocks_;
};

}  // namespace msst::separation
