#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "separation/separator.h"

namespace msst::testing {

// Pushes a planar song, [channels, frames], in blocks of an odd size, and gives back its stems, each planar
// as the song is.
inline std::vector<std::vector<float>> separate_planar(separation::SeparationStream& stream, int channels,
                                                       const std::vector<float>& song) {
    constexpr int64_t kBlockFrames = 997;
    const int64_t frames = std::ssize(song) / channels;
    std::vector<std::vector<float>> stems;
    int64_t done = 0;
    const auto sink = [&](const separation::StemBlocks& blocks) {
        stems.resize(blocks.size(), std::vector<float>(song.size()));
        for (size_t s = 0; s < blocks.size(); ++s)
            for (int c = 0; c < channels; ++c)
                std::ranges::copy(blocks[s].channel(c), stems[s].begin() + c * frames + done);
        done += blocks.front().frames;
    };
    for (int64_t at = 0; at < frames; at += kBlockFrames) {
        audio::Block block(channels, std::min(kBlockFrames, frames - at));
        for (int c = 0; c < channels; ++c)
            std::copy_n(song.begin() + c * frames + at, block.frames, block.channel(c).begin());
        stream.push(block, sink);
    }
    stream.finish(sink);
    return stems;
}

}  // namespace msst::testing
