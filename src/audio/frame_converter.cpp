#include "audio/frame_converter.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

extern "C" {
#include <libavutil/opt.h>
}

#include "base/error.h"

namespace msst::audio {

namespace {

// Left, right, left … with equal weights: for channels whose places nobody knows.
std::vector<double> dealt_out_matrix(int in_channels, int out_channels) {
    std::vector<double> matrix(static_cast<size_t>(in_channels) * out_channels);  // [out_channels, in_channels]
    for (int in = 0; in < in_channels; ++in) {
        const int out = in % out_channels;
        const int sharing = (in_channels - out + out_channels - 1) / out_channels;
        matrix[out * in_channels + in] = 1.0 / sharing;
    }
    return matrix;
}

AVChannelLayout standard_layout(int channels) {
    AVChannelLayout layout{};
    av_channel_layout_default(&layout, channels);
    return layout;
}

}  // namespace

bool FrameConverter::is_change(const AVFrame& frame) const {
    return frame.sample_rate != in_rate_ || frame.ch_layout.nb_channels != in_channels_ ||
           frame.format != in_format_;
}

int64_t FrameConverter::input_for(int64_t wanted, const AVFrame& frame) const {
    if (frame.sample_rate == sample_rate_) return wanted;
    return std::clamp<int64_t>(wanted * frame.sample_rate / sample_rate_ / 2, 1, wanted);
}

SwrHandle FrameConverter::make_context(const AVFrame& frame, AVChannelLayout layout) const {
    AVChannelLayout out_layout = standard_layout(channels_);
    SwrContext* made = nullptr;
    swr_alloc_set_opts2(&made, &out_layout, AV_SAMPLE_FMT_FLTP, sample_rate_, &layout,
                        static_cast<AVSampleFormat>(frame.format), frame.sample_rate, /*log_offset=*/0,
                        /*log_ctx=*/nullptr);
    SwrHandle swr(made);
    check(swr != nullptr, "decoder: no memory for a converter");
    av_opt_set_double(swr.get(), "rematrix_maxval", 1.0, 0);
    return swr;
}

void FrameConverter::configure(const AVFrame& frame) {
    const int in_channels = frame.ch_layout.nb_channels;
    // As many channels in as out pass through, whatever they are called.
    const bool is_named = frame.ch_layout.order == AV_CHANNEL_ORDER_NATIVE && in_channels > channels_;
    const AVChannelLayout layout = is_named ? frame.ch_layout : standard_layout(in_channels);
    swr_ = make_context(frame, layout);
    if (swr_init(swr_.get()) < 0) {
        AVChannelLayout unnamed{};
        unnamed.order = AV_CHANNEL_ORDER_UNSPEC;
        unnamed.nb_channels = in_channels;
        swr_ = make_context(frame, unnamed);
        const auto matrix = dealt_out_matrix(in_channels, channels_);
        if (swr_set_matrix(swr_.get(), matrix.data(), in_channels) < 0 || swr_init(swr_.get()) < 0)
            throw Error(ErrorCode::invalid_input,
                        "the audio has " + std::to_string(in_channels) + " channels at " +
                            std::to_string(frame.sample_rate) + " Hz, which cannot be mixed down",
                        "invalid_audio");
    }
    in_rate_ = frame.sample_rate;
    in_channels_ = in_channels;
    in_format_ = frame.format;
}

Block FrameConverter::convert(const AVFrame& frame, int64_t first, int64_t count) {
    if (!swr_ || is_change(frame)) configure(frame);
    const auto format = static_cast<AVSampleFormat>(frame.format);
    const bool is_planar = av_sample_fmt_is_planar(format) != 0;
    const int planes = is_planar ? in_channels_ : 1;
    const int stride = av_get_bytes_per_sample(format) * (is_planar ? 1 : in_channels_);
    std::vector<const uint8_t*> data(planes);
    for (int plane = 0; plane < planes; ++plane) data[plane] = frame.extended_data[plane] + first * stride;
    const int capacity = in_rate_ == sample_rate_ ? static_cast<int>(count)
                                                  : swr_get_out_samples(swr_.get(), static_cast<int>(count));
    return run(std::max(0, capacity), data.data(), count);
}

Block FrameConverter::drain(int64_t wanted) {
    if (!swr_ || in_rate_ == sample_rate_) return Block(channels_, 0);
    return run(wanted, nullptr, 0);
}

// Gives swresample `count` frames, or the end of its input where `data` is null.
Block FrameConverter::run(int64_t capacity, const uint8_t** data, int64_t count) {
    Block block(channels_, capacity);
    std::array<uint8_t*, 2> planes{};
    for (int c = 0; c < channels_; ++c) planes[c] = reinterpret_cast<uint8_t*>(block.channel(c).data());
    const int made =
        swr_convert(swr_.get(), planes.data(), static_cast<int>(capacity), data, static_cast<int>(count));
    if (made < 0)
        throw Error(ErrorCode::invalid_input, "the audio cannot be converted to floating point",
                    "invalid_audio");
    if (made == capacity) return block;
    Block shorter(channels_, made);
    for (int c = 0; c < channels_; ++c)
        std::ranges::copy(block.channel(c).first(made), shorter.channel(c).begin());
    return shorter;
}

}  // namespace msst::audio
