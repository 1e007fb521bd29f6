#include "separation/song_decoder.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace msst::separation {
namespace {

// MSST gives a stereo model the one channel of a mono song twice.
audio::Block with_channels(audio::Block block, int channels) {
    if (block.channels == channels) return block;
    check(block.channels == 1, "song: the decoder gave more channels than the model takes");
    audio::Block copies(channels, block.frames);
    for (int c = 0; c < channels; ++c) std::ranges::copy(block.channel(0), copies.channel(c).begin());
    return copies;
}

}  // namespace

SongDecoder::SongDecoder(const std::filesystem::path& file, const SeparatorInfo& info, double max_seconds)
    : decoder_(file, {.max_seconds = max_seconds, .max_channels = info.channels}),
      resampler_(decoder_.sample_rate(), info.sample_rate, info.channels),
      channels_(info.channels) {}

bool SongDecoder::read(audio::Block& block) {
    while (!is_at_end_) {
        if (decoder_.read(block)) {
            block = resampler_.push(with_channels(std::move(block), channels_));
        } else {
            is_at_end_ = true;
            if (decoder_.frames_read() == 0)
                throw Error(ErrorCode::invalid_input, "the file holds no audio that can be decoded",
                            "invalid_audio");
            block = resampler_.finish();
        }
        if (block.frames > 0) return true;
    }
    return false;
}

}  // namespace msst::separation
