#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace msst::audio {

// Some frames of audio, planar: samples[channel * frames + frame], nominal range -1 … 1.
struct Block {
    int channels = 0;
    int64_t frames = 0;
    std::vector<float> samples;  // [channels, frames]

    Block() = default;
    Block(int channel_count, int64_t frame_count)
        : channels(channel_count), frames(frame_count), samples(channel_count * frame_count) {}

    std::span<float> channel(int c) { return {samples.data() + c * frames, static_cast<size_t>(frames)}; }
    std::span<const float> channel(int c) const {
        return {samples.data() + c * frames, static_cast<size_t>(frames)};
    }
};

}  // namespace msst::audio
