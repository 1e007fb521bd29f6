#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
}

// Owners of FFmpeg's handles. Only sources of this folder include this.

namespace msst::audio {

struct FfmpegDelete {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
    void operator()(SwrContext* context) const { swr_free(&context); }
    void operator()(AVIOContext* io) const {
        av_freep(static_cast<void*>(&io->buffer));  // libavformat may have replaced the one it was given
        avio_context_free(&io);
    }
};

using FormatHandle = std::unique_ptr<AVFormatContext, FfmpegDelete>;
using CodecHandle = std::unique_ptr<AVCodecContext, FfmpegDelete>;
using FrameHandle = std::unique_ptr<AVFrame, FfmpegDelete>;
using PacketHandle = std::unique_ptr<AVPacket, FfmpegDelete>;
using SwrHandle = std::unique_ptr<SwrContext, FfmpegDelete>;
using IoHandle = std::unique_ptr<AVIOContext, FfmpegDelete>;

}  // namespace msst::audio
