#pragma once

#include <cstdint>

#include "audio/block.h"
#include "audio/ffmpeg_handles.h"

namespace msst::audio {

// Decoded frames of any sample format as planar floats of one sample rate and at most a few channels. More
// channels are mixed down with libswresample's standard matrix (ITU-R BS.775 weights, normalised so that full
// scale stays full scale, LFE left out); channels without a known place are dealt out left and right in turn.
class FrameConverter {
public:
    // channels: 1 or 2.
    FrameConverter(int sample_rate, int channels) : sample_rate_(sample_rate), channels_(channels) {}

    // Whether `frame` has another rate, layout or sample format than the frames before it. drain() first,
    // then convert() follows the change.
    bool is_change(const AVFrame& frame) const;

    // How many frames to give convert() at most so that no more than `wanted` come out.
    int64_t input_for(int64_t wanted, const AVFrame& frame) const;

    // Converts `count` frames of `frame` from `first` on. As many come out, unless the rate differs.
    // Throws Error(invalid_input, …, "invalid_audio") if libswresample cannot.
    Block convert(const AVFrame& frame, int64_t first, int64_t count);

    // What a change of the sample rate still holds back, at most `wanted` frames; empty when there is no
    // more.
    Block drain(int64_t wanted);

private:
    void configure(const AVFrame& frame);
    SwrHandle make_context(const AVFrame& frame, AVChannelLayout layout) const;
    Block run(int64_t capacity, const uint8_t** data, int64_t count);

    int sample_rate_;
    int channels_;
    int in_rate_ = 0;
    int in_channels_ = 0;
    int in_format_ = AV_SAMPLE_FMT_NONE;
    SwrHandle swr_;
};

}  // namespace msst::audio
