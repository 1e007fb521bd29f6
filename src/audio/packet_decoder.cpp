#include "audio/packet_decoder.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace msst::audio {

namespace {

constexpr int kMinRate = 1000;
constexpr int kMaxRate = 768000;
constexpr int kMaxChannels = 64;
constexpr int64_t kMaxPacketFrames = 1 << 20;

CodecHandle open_codec(const AVStream& stream) {
    const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
    check(codec != nullptr, "decoder: a codec that was found is gone");
    CodecHandle context(avcodec_alloc_context3(codec));
    check(context != nullptr, "decoder: no memory for a codec");
    const bool is_set = avcodec_parameters_to_context(context.get(), stream.codecpar) >= 0;
    context->pkt_timebase = stream.time_base;  // lets FFmpeg take off encoder delay exactly
    context->thread_count = 1;
    context->max_samples = kMaxPacketFrames;
    // A FLAC frame with a wrong checksum is noise at full scale; silence is better.
    if (codec->id == AV_CODEC_ID_FLAC) context->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    if (!is_set || avcodec_open2(context.get(), codec, nullptr) < 0)
        throw Error(ErrorCode::invalid_input,
                    std::string("the headers of the ") + avcodec_get_name(codec->id) + " audio make no sense",
                    "invalid_audio");
    return context;
}

void expect_bounds(const AVFrame& frame) {
    const int channels = frame.ch_layout.nb_channels;
    const std::string what =
        std::to_string(channels) + " channels at " + std::to_string(frame.sample_rate) + " Hz";
    if (channels < 1 || channels > kMaxChannels || frame.sample_rate < kMinRate ||
        frame.sample_rate > kMaxRate)
        throw Error(ErrorCode::invalid_input,
                    "the audio has " + what + "; 1 to 64 channels and 1000 to 768000 Hz can be read",
                    "invalid_audio");
}

}  // namespace

PacketDecoder::PacketDecoder(const std::filesystem::path& file)
    : demuxer_(file), codec_(open_codec(demuxer_.stream())), packet_(av_packet_alloc()) {
    check(packet_ != nullptr, "decoder: no memory for a packet");
}

void PacketDecoder::note_corrupt() {
    ++corrupt_packets_;
    if (packet_->pts == AV_NOPTS_VALUE || packet_->duration <= 0) return;
    if (packet_->pts > INT64_MAX - packet_->duration) return;
    corrupt_until_ = std::max(corrupt_until_.value_or(INT64_MIN), packet_->pts + packet_->duration);
}

// Another stream of a chain begins: what the codec remembers belongs to the one before.
void PacketDecoder::restart_if_clock_does() {
    if (packet_->pts == AV_NOPTS_VALUE) return;
    if (demuxer_.info().format == "ogg" && last_pts_ && packet_->pts < *last_pts_)
        avcodec_flush_buffers(codec_.get());
    last_pts_ = packet_->pts;
}

// Gives the codec one more packet, or the end. False when it has been given all.
bool PacketDecoder::feed() {
    if (is_flushing_) return false;
    is_flushing_ = !demuxer_.next(*packet_);
    packet_bytes_ = packet_->size;
    if (!is_flushing_) restart_if_clock_does();
    const int status = avcodec_send_packet(codec_.get(), is_flushing_ ? nullptr : packet_.get());
    if (status == AVERROR(ENOMEM)) throw Error(ErrorCode::unavailable, "decoder: out of memory");
    if (status < 0 && !is_flushing_) note_corrupt();
    return true;
}

bool PacketDecoder::next(AVFrame& frame) {
    while (true) {
        const int status = avcodec_receive_frame(codec_.get(), &frame);
        if (status >= 0 && frame.nb_samples > 0) {
            expect_bounds(frame);
            return true;
        }
        if (status == AVERROR_EOF) return false;
        if (status == AVERROR(EAGAIN)) {
            if (!feed()) return false;
        } else if (status < 0) {
            note_corrupt();
            if (is_flushing_) return false;
        }
    }
}

}  // namespace msst::audio
